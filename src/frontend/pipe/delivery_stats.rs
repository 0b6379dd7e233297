//! What became of the messages of the input over all connections of a run.

/// What was handed to all connections of a run.
#[derive(Debug, Default, Clone, Copy)]
pub struct DeliveryStats {
    connections: u64,
    lost: u64,
    handed: u64,
    in_doubt: u64,
}

impl DeliveryStats {
    /// Adds a connection that had taken over `handed` messages.
    pub fn add(&mut self, handed: u64) {
        self.connections += 1;
        self.handed += handed;
    }

    /// The connection that was added last was lost; the peer has certainly read `confirmed` of the `handed` messages.
    pub fn add_loss(&mut self, handed: u64, confirmed: u64) {
        self.lost += 1;
        self.in_doubt += handed.saturating_sub(confirmed);
    }

    /// How many connections there were.
    pub fn connections(&self) -> u64 {
        self.connections
    }

    /// What is to be said at the end, if any connection was lost.
    pub fn words(&self) -> Option<String> {
        let Self { connections, lost, handed, in_doubt } = self;
        (*lost > 0).then(|| {
            format!(
                "messages handed to a connection: {handed}, of these to one that was lost, so that they may not have \
                 arrived: {in_doubt} (connections: {connections}, lost: {lost})"
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_lost_is_told_only_when_something_was() {
        let mut stats = DeliveryStats::default();
        stats.add(5);
        assert_eq!(stats.words(), None);
        stats.add_loss(5, 3);
        stats.add(7);
        let words = stats.words().unwrap();
        assert!(words.starts_with("messages handed to a connection: 12, "), "{words}");
        assert!(words.ends_with("may not have arrived: 2 (connections: 2, lost: 1)"), "{words}");
    }
}
