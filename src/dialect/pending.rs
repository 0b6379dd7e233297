//! What waits for its answer.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::time::Duration;

/// So many requests may wait; then the oldest one is forgotten.
const MOST: usize = 1024;

/// Requests that wait for their answers, each under a key, with what has to be known of it then.
///
/// Their number is bounded; the size of a key and of a value is the caller's to bound.
#[derive(Debug)]
pub struct Pending<K, V> {
    requests: BTreeMap<u64, Request<K, V>>,
    /// The number under which the request with a key is.
    numbers: HashMap<K, u64>,
    next: u64,
}

#[derive(Debug)]
struct Request<K, V> {
    key: K,
    value: V,
    at: Duration,
}

impl<K: Hash + Eq + Clone, V> Pending<K, V> {
    /// A request was sent. `false`: one with this key waits already, and is replaced.
    pub fn open(&mut self, key: K, value: V, at: Duration) -> bool {
        let number = self.next;
        self.next += 1;
        let before = self.numbers.insert(key.clone(), number);
        if let Some(before) = before {
            self.requests.remove(&before);
        }
        self.requests.insert(number, Request { key, value, at });
        if self.requests.len() > MOST
            && let Some((_, oldest)) = self.requests.pop_first()
        {
            self.numbers.remove(&oldest.key);
        }
        before.is_none()
    }

    /// What waits under this key, and how long it has waited.
    pub fn get(&self, key: &K, now: Duration) -> Option<(&V, Duration)> {
        let request = self.requests.get(self.numbers.get(key)?)?;
        Some((&request.value, now.saturating_sub(request.at)))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &K, now: Duration) -> Option<(&mut V, Duration)> {
        let request = self.requests.get_mut(self.numbers.get(key)?)?;
        Some((&mut request.value, now.saturating_sub(request.at)))
    }

    /// The request with this key is answered: what it was, and how long it has waited.
    pub fn close(&mut self, key: &K, now: Duration) -> Option<(V, Duration)> {
        let request = self.requests.remove(&self.numbers.remove(key)?)?;
        Some((request.value, now.saturating_sub(request.at)))
    }
}

impl<K, V> Default for Pending<K, V> {
    fn default() -> Self {
        Self { requests: BTreeMap::new(), numbers: HashMap::new(), next: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AT: Duration = Duration::from_secs(1);

    #[test]
    fn an_answer_finds_its_request_once() {
        let mut pending = Pending::default();
        assert!(pending.open("a", 1, AT));
        assert!(pending.open("b", 2, AT * 2));
        assert_eq!(pending.get(&"a", AT * 5), Some((&1, AT * 4)));
        assert_eq!(pending.close(&"a", AT * 6), Some((1, AT * 5)));
        assert_eq!(pending.close(&"a", AT * 6), None);
        assert_eq!(pending.close(&"b", AT * 6), Some((2, AT * 4)));
    }

    #[test]
    fn a_second_request_with_a_key_replaces_the_first() {
        let mut pending = Pending::default();
        assert!(pending.open("a", 1, AT));
        assert!(!pending.open("a", 2, AT * 2));
        assert_eq!(pending.close(&"a", AT * 3), Some((2, AT)));
        assert!(pending.requests.is_empty() && pending.numbers.is_empty());
    }

    #[test]
    fn the_oldest_are_forgotten() {
        let mut pending = Pending::default();
        for number in 0..10_000 {
            pending.open(number, (), AT);
        }
        assert_eq!((pending.requests.len(), pending.numbers.len()), (MOST, MOST));
        assert_eq!((pending.close(&0, AT), pending.close(&9_999, AT)), (None, Some(((), Duration::ZERO))));
    }
}
