//! What waits for its answer.

use std::collections::HashMap;
use std::hash::Hash;
use std::time::Duration;

/// So many requests may wait; then the older half of them is forgotten.
const MOST: usize = 1024;

/// Requests that wait for their answers, each under a key, with what has to be known of it then.
///
/// Their number is bounded; the size of a key and of a value is the caller's to bound.
#[derive(Debug)]
pub struct Pending<K, V> {
    requests: HashMap<K, Request<V>>,
    /// How many were opened.
    opened: u64,
}

#[derive(Debug)]
struct Request<V> {
    /// How many were opened before it.
    number: u64,
    value: V,
    at: Duration,
}

impl<K: Hash + Eq, V> Pending<K, V> {
    /// A request was sent. `false`: one with this key waits already, and is replaced.
    pub fn open(&mut self, key: K, value: V, at: Duration) -> bool {
        let before = self.requests.insert(key, Request { number: self.opened, value, at });
        self.opened += 1;
        if self.requests.len() > MOST {
            let kept_from = self.opened - MOST as u64 / 2;
            self.requests.retain(|_, request| request.number >= kept_from);
        }
        before.is_none()
    }

    /// What waits under this key, and how long it has waited.
    pub fn get(&self, key: &K, now: Duration) -> Option<(&V, Duration)> {
        let request = self.requests.get(key)?;
        Some((&request.value, now.saturating_sub(request.at)))
    }

    /// The same, to be changed.
    pub fn get_mut(&mut self, key: &K, now: Duration) -> Option<(&mut V, Duration)> {
        let request = self.requests.get_mut(key)?;
        Some((&mut request.value, now.saturating_sub(request.at)))
    }

    /// The request with this key is answered: what it was, and how long it has waited.
    pub fn close(&mut self, key: &K, now: Duration) -> Option<(V, Duration)> {
        let request = self.requests.remove(key)?;
        Some((request.value, now.saturating_sub(request.at)))
    }
}

impl<K, V> Default for Pending<K, V> {
    fn default() -> Self {
        Self { requests: HashMap::new(), opened: 0 }
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
        assert!(pending.requests.is_empty());
    }

    #[test]
    fn the_older_half_is_forgotten() {
        let mut pending = Pending::default();
        for number in 0..=MOST {
            pending.open(number, (), AT);
        }
        assert_eq!(pending.requests.len(), MOST / 2);
        let oldest = MOST - MOST / 2 + 1;
        assert_eq!((pending.close(&(oldest - 1), AT), pending.close(&oldest, AT)), (None, Some(((), Duration::ZERO))));
    }
}
