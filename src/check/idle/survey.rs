//! What a survey does next, and what it knows: a pure function of what has happened, and when.

use std::time::Duration;

use super::Time;
use super::surveyed_connection::{ConnectionRole, ConnectionState, Cut, Need, SurveyedConnection};

/// Connections that are silent, side by side.
const QUIET_CONNECTIONS: u32 = 6;
/// How often a connection that is kept alive sends something, at first.
const KEEPING: Duration = Duration::from_secs(2);
/// How long a ping may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Connections in all, at most: where more would be needed, they tell nothing.
const MOST_CONNECTIONS: usize = 64;
/// A limit that shows only when something is sent is looked for until it is known this well, or to a tenth.
const TOLERANCE: Duration = Duration::from_secs(1);

/// What has happened to a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// It is open.
    Opened,
    /// A ping of ours was answered.
    Answered,
    /// The server sent something by itself.
    Spoke(Speech),
    /// It ended, and we did not end it.
    Cut(Cut),
    /// It could not be opened.
    Failed,
    /// We ended it, for the server broke a rule: that is no limit.
    Broken,
}

/// What a server sends by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speech {
    /// Messages.
    Messages,
    /// Pings, which are answered.
    Pings,
    /// Pongs that answer no ping.
    Pongs,
}

impl Speech {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Messages => "messages",
            Self::Pings => "pings",
            Self::Pongs => "pongs",
        }
    }
}

/// How long a connection may be silent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limit {
    /// At least so long, as far as is known.
    AtLeast(Duration),
    /// So long: then it is cut.
    At(Duration, Cut),
    /// Longer than the first, shorter than the second: then it is dead, and nothing shows it.
    Between(Duration, Duration, Cut),
}

impl Limit {
    /// The silence after which a connection is certainly cut.
    pub fn upper(&self) -> Option<Duration> {
        match self {
            Self::AtLeast(_) => None,
            Self::At(after, _) | Self::Between(_, after, _) => Some(*after),
        }
    }

    /// The silence that a connection certainly lasts.
    pub fn lower(&self) -> Duration {
        match self {
            Self::AtLeast(time) | Self::At(time, _) | Self::Between(time, ..) => *time,
        }
    }
}

/// What became of keeping a connection alive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Keeping {
    /// Something every so often keeps it open.
    Works(Duration),
    /// It was cut all the same, so long after its opening.
    Fails(Duration),
    /// That is not known.
    Unknown,
}

/// What the server sent by itself on the connections that were silent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spoken {
    /// What it was.
    pub speech: Speech,
    /// How long after the opening, or after what it sent before, at most.
    pub every: Duration,
}

/// A survey of how long connections may be silent.
#[derive(Debug)]
pub struct Survey {
    max: Duration,
    connections: Vec<SurveyedConnection>,
    /// The server's own words.
    spoken: Option<Spoken>,
    /// Some connection could be opened.
    has_opened: bool,
}

impl Survey {
    /// One in which a connection is silent for up to `max`.
    pub fn new(max: Duration) -> Self {
        let every = KEEPING.min(max / 16);
        let quiet = (0..QUIET_CONNECTIONS).map(|power| ConnectionRole::Quiet(max / 2_u32.pow(power)));
        let keepers = [ConnectionRole::Pongs(every), ConnectionRole::Pings(every)];
        Self {
            max,
            connections: quiet.chain(keepers).map(SurveyedConnection::new).collect(),
            spoken: None,
            has_opened: false,
        }
    }

    /// How long it may take: silence to the end, looking closer, and twice that to see what keeps a connection alive.
    pub fn longest(&self) -> Duration {
        self.max * 3 + PATIENCE * 2
    }

    /// Something has happened to a connection; what follows for it.
    pub fn observe(&mut self, number: usize, now: Time, fact: Fact) -> Option<Need> {
        let connection = self.connections.get_mut(number)?;
        match fact {
            Fact::Opened => {
                self.has_opened = true;
                connection.open(now);
                None
            }
            Fact::Answered => connection.answered(),
            Fact::Cut(cut) => {
                connection.cut(now, cut);
                None
            }
            Fact::Failed | Fact::Broken => connection.drop_it(),
            Fact::Spoke(speech) => {
                let gap = connection.hear(now);
                let every = self.spoken.map_or(gap, |spoken| spoken.every.max(gap));
                self.spoken = Some(Spoken { speech, every });
                None
            }
        }
    }

    /// What is to be done now, each with the number of its connection.
    pub fn needs(&mut self, now: Time) -> Vec<(usize, Need)> {
        let mut needs = self.settle();
        let enough = self.enough();
        for (number, connection) in self.connections.iter_mut().enumerate() {
            needs.extend(connection.need(now, PATIENCE, enough).map(|need| (number, need)));
        }
        needs
    }

    /// When something is to be done next, if nothing happens before.
    pub fn wake(&self) -> Option<Time> {
        let enough = self.enough();
        self.connections.iter().filter_map(|connection| connection.wake(PATIENCE, enough)).min()
    }

    /// Whether there is nothing more to learn.
    pub fn is_over(&self) -> bool {
        self.connections.iter().all(|connection| !connection.is_pending())
    }

    /// Whether a connection could be opened at all.
    pub fn has_opened(&self) -> bool {
        self.has_opened
    }

    /// How many connections are open and silent, and the longest of them.
    pub fn silent(&self, now: Time) -> (usize, Duration) {
        let quiet = self.connections.iter().filter(|connection| {
            connection.state == ConnectionState::Open && matches!(connection.role, ConnectionRole::Quiet(_))
        });
        quiet.fold((0, Duration::ZERO), |(count, longest), connection| {
            (count + 1, longest.max(now.saturating_sub(connection.opened)))
        })
    }

    /// What the server sends by itself.
    pub fn spoken(&self) -> Option<Spoken> {
        self.spoken
    }

    /// How long a connection may be silent, as far as is known.
    pub fn limit(&self) -> Limit {
        let quiet = || {
            self.connections.iter().filter_map(|connection| match connection.role {
                ConnectionRole::Quiet(silence) => Some((silence, &connection.state)),
                ConnectionRole::Pongs(_) | ConnectionRole::Pings(_) => None,
            })
        };
        let cuts = quiet().filter_map(|(_, state)| match state {
            ConnectionState::Cut(after, cut) => Some((*after, cut)),
            _ => None,
        });
        let lasted = quiet().filter(|(_, state)| **state == ConnectionState::Lasted).map(|(silence, _)| silence);
        let Some((upper, cut)) = cuts.min_by_key(|(after, _)| *after) else {
            return Limit::AtLeast(lasted.max().unwrap_or_default());
        };
        if cut.is_visible() {
            return Limit::At(upper, cut.clone());
        }
        let lower = lasted.filter(|silence| *silence < upper).max().unwrap_or_default();
        Limit::Between(lower, upper, cut.clone())
    }

    /// What became of bytes of ours alone.
    pub fn pongs(&self) -> Keeping {
        self.keeping(|role| if let ConnectionRole::Pongs(every) = role { Some(every) } else { None })
    }

    /// What became of pings with their pongs.
    pub fn pings(&self) -> Keeping {
        self.keeping(|role| if let ConnectionRole::Pings(every) = role { Some(every) } else { None })
    }

    fn keeping(&self, every: impl Fn(ConnectionRole) -> Option<Duration>) -> Keeping {
        let last =
            self.connections.iter().rev().find_map(|connection| Some((every(connection.role)?, &connection.state)));
        match last {
            Some((every, ConnectionState::Lasted)) if self.limit().upper().is_some() => Keeping::Works(every),
            Some((every, ConnectionState::Cut(after, _)))
                if self.limit().upper().is_some_and(|limit| is_often(every, limit)) =>
            {
                Keeping::Fails(*after)
            }
            _ => Keeping::Unknown,
        }
    }

    /// The interval that keeps a connection alive; `None` where none is needed, or none is known that does.
    pub fn interval(&self) -> Option<Duration> {
        self.limit().upper()?;
        let Keeping::Works(every) = self.pings() else { return None };
        // Half of what it lasts, so that one that comes late is no harm.
        let half = self.limit().lower() / 2;
        Some(rounded(half.max(every.min(self.limit().upper()? / 2))))
    }

    /// How long what is kept alive has to live to prove it; `None` while the limit is not known.
    fn enough(&self) -> Option<Duration> {
        let limit = self.limit();
        limit.upper().filter(|_| !self.is_vague(&limit)).map(|upper| upper * 2 + TOLERANCE)
    }

    /// Draws conclusions: gives up what teaches nothing any more, and wants new connections where something is still open.
    fn settle(&mut self) -> Vec<(usize, Need)> {
        let limit = self.limit();
        let is_vague = self.is_vague(&limit);
        let is_without_limit = limit.upper().is_none() && !self.has_quiet();
        let is_useless = |role: ConnectionRole| match role {
            ConnectionRole::Quiet(silence) => limit.upper().is_some_and(|upper| silence >= upper || !is_vague),
            ConnectionRole::Pongs(_) | ConnectionRole::Pings(_) => is_without_limit,
        };
        let mut needs = Vec::new();
        for (number, connection) in
            self.connections.iter_mut().enumerate().filter(|(_, connection)| is_useless(connection.role))
        {
            needs.extend(connection.drop_it().map(|need| (number, need)));
        }
        if self.has_quiet() {
            return needs;
        }
        if let Limit::Between(lower, upper, _) = &limit
            && is_vague
        {
            let step = upper.saturating_sub(*lower) / (QUIET_CONNECTIONS + 1);
            self.want((1..=QUIET_CONNECTIONS).map(|part| ConnectionRole::Quiet(*lower + step * part)));
        } else if let Some(upper) = limit.upper() {
            self.keep_more_often(upper);
        }
        needs
    }

    /// Keeps other connections alive, where those that were cut sent too seldom to tell.
    fn keep_more_often(&mut self, limit: Duration) {
        let often = limit / 3;
        for wanted in [ConnectionRole::Pongs(often), ConnectionRole::Pings(often)] {
            let is_kind = |role: ConnectionRole| std::mem::discriminant(&role) == std::mem::discriminant(&wanted);
            let last = self.connections.iter().rev().find(|connection| is_kind(connection.role));
            let was_seldom = last.is_some_and(|connection| match (connection.role, &connection.state) {
                (ConnectionRole::Pongs(every) | ConnectionRole::Pings(every), ConnectionState::Cut(..)) => {
                    !is_often(every, limit)
                }
                _ => false,
            });
            if was_seldom {
                self.want([wanted]);
            }
        }
    }

    fn want(&mut self, roles: impl IntoIterator<Item = ConnectionRole>) {
        self.connections.extend(roles.into_iter().map(SurveyedConnection::new));
    }

    /// Whether a limit is worth looking closer at, and more connections may tell.
    fn is_vague(&self, limit: &Limit) -> bool {
        let Limit::Between(lower, upper, _) = limit else { return false };
        let enough = TOLERANCE.max(*upper / 10).min(*upper / 2);
        self.connections.len() < MOST_CONNECTIONS && upper.saturating_sub(*lower) > enough
    }

    /// Whether more may be learnt from a connection that is to be silent.
    fn has_quiet(&self) -> bool {
        self.connections
            .iter()
            .any(|connection| connection.is_pending() && matches!(connection.role, ConnectionRole::Quiet(_)))
    }
}

/// Whether something every so often would keep a connection alive that may be silent up to `limit`.
fn is_often(every: Duration, limit: Duration) -> bool {
    every * 3 <= limit * 2
}

/// Whole seconds, or tenths where it is short.
fn rounded(interval: Duration) -> Duration {
    if interval >= Duration::from_secs(2) {
        return Duration::from_secs(interval.as_secs());
    }
    Duration::from_millis(100) * u32::try_from(interval.as_millis() / 100).unwrap_or(u32::MAX).max(1)
}

#[cfg(test)]
mod tests;
