//! The memory that the sessions of a server may hold together: messages that are not whole yet, and what waits to be sent.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The part of the budget that is kept for shares that hold little: one peer must not lock out the others.
const RESERVED: usize = 4;

/// A number of bytes that all shares hold together at most, or a little more: a quarter is for shares that hold
/// little. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Budget {
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    limit: usize,
    held: AtomicUsize,
    shares: AtomicUsize,
}

impl Budget {
    /// One of so many bytes.
    pub fn new(limit: usize) -> Self {
        Self { state: Arc::new(State { limit, held: AtomicUsize::new(0), shares: AtomicUsize::new(0) }) }
    }

    /// How many bytes that are.
    pub fn limit(&self) -> usize {
        self.state.limit
    }

    /// A part of it that holds nothing yet.
    pub fn share(&self) -> Share {
        self.state.shares.fetch_add(1, Ordering::Relaxed);
        Share { budget: self.clone(), held: 0 }
    }
}

/// What one direction of a session holds of a [`Budget`]. It gives everything back when it is dropped.
#[derive(Debug)]
pub struct Share {
    budget: Budget,
    held: usize,
}

impl Share {
    /// It holds so many bytes now.
    pub fn hold(&mut self, bytes: usize) {
        let total = &self.budget.state.held;
        if bytes > self.held {
            total.fetch_add(bytes - self.held, Ordering::Relaxed);
        } else {
            total.fetch_sub(self.held - bytes, Ordering::Relaxed);
        }
        self.held = bytes;
    }

    /// So many bytes it may hold.
    pub fn most(&self) -> usize {
        let State { limit, held, shares } = &*self.budget.state;
        let reserved = limit / RESERVED / shares.load(Ordering::Relaxed).max(1);
        let left = limit.checked_sub(held.load(Ordering::Relaxed));
        left.map_or(reserved, |left| (self.held + left).max(reserved))
    }

    /// Whether it holds more than it may.
    pub fn is_over(&self) -> bool {
        self.held > self.most()
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.hold(0);
        self.budget.state.shares.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_share_holds_the_others_may_not() {
        let budget = Budget::new(1000);
        let (mut first, mut second) = (budget.share(), budget.share());
        assert_eq!((first.most(), second.most()), (1000, 1000));
        first.hold(600);
        assert_eq!((first.most(), second.most()), (1000, 400));
        second.hold(400);
        assert!(!first.is_over() && !second.is_over(), "it is just enough");
        second.hold(401);
        assert!(first.is_over());
        first.hold(100);
        assert_eq!((first.most(), second.most()), (599, 900));
        drop(second);
        assert_eq!(first.most(), 1000);
    }

    #[test]
    fn a_share_that_holds_little_is_never_over() {
        let budget = Budget::new(800);
        let (mut large, mut small) = (budget.share(), budget.share());
        large.hold(5000);
        assert!(large.is_over());
        assert_eq!(small.most(), 100);
        small.hold(100);
        assert!(!small.is_over());
        small.hold(101);
        assert!(small.is_over());
    }
}
