//! One connection of a survey: what it is for, and what has become of it.

use std::time::Duration;

use super::Time;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConnectionRole {
    /// To be silent for so long, and then to be tried with a ping.
    Quiet(Duration),
    /// To send an unsolicited pong so often: bytes of ours alone.
    Pongs(Duration),
    /// To send a ping so often: bytes both ways.
    Pings(Duration),
}

/// How a connection ended that we did not end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cut {
    /// The peer sent a Close.
    Close {
        /// Its code; 1005 without one.
        code: u16,
        /// Its reason, unescaped.
        reason: String,
    },
    /// The stream ended without a Close (TCP FIN).
    End,
    /// It was reset (TCP RST).
    Reset,
    /// Nothing was to be seen of its end until something was sent: that was answered with a reset.
    ResetWhenUsed,
    /// Nothing is to be seen of its end: what is sent is not answered.
    Silent,
}

impl Cut {
    /// Whether it could be seen when it happened.
    pub fn is_visible(&self) -> bool {
        matches!(self, Self::Close { .. } | Self::End | Self::Reset)
    }
}

/// What is known of a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConnectionState {
    /// It is to be opened.
    Wanted,
    /// It is being opened.
    Opening,
    /// It is open.
    Open,
    /// It lived as long as it was to, and answered then.
    Lasted,
    /// It was cut, so long after its opening.
    Cut(Duration, Cut),
    /// It was given up: nothing would be learnt from it.
    Dropped,
}

/// A connection.
#[derive(Debug, Clone)]
pub struct SurveyedConnection {
    /// What it is for.
    pub role: ConnectionRole,
    /// What is known of it.
    pub state: ConnectionState,
    /// When it was opened.
    pub opened: Time,
    /// When something was last sent on it.
    sent: Time,
    /// When it was opened, or the server last sent something by itself on it.
    heard: Time,
    /// When it was tried with a ping that is not answered yet.
    tried: Option<Time>,
}

/// What is to be done with a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Open it.
    Open,
    /// Send a ping.
    Ping,
    /// Send an unsolicited pong.
    Pong,
    /// Leave it.
    Leave,
}

impl SurveyedConnection {
    /// One that is to be opened.
    pub fn new(role: ConnectionRole) -> Self {
        Self {
            role,
            state: ConnectionState::Wanted,
            opened: Time::ZERO,
            sent: Time::ZERO,
            heard: Time::ZERO,
            tried: None,
        }
    }

    /// It is open from now on.
    pub fn open(&mut self, now: Time) {
        (self.state, self.opened, self.sent, self.heard) = (ConnectionState::Open, now, now, now);
    }

    /// The server sends something by itself; how long after the opening, or after what it sent before.
    pub fn hear(&mut self, now: Time) -> Duration {
        now.saturating_sub(std::mem::replace(&mut self.heard, now))
    }

    /// A pong came that answers a ping of ours. What sends no pings but the last one has lasted then.
    pub fn answered(&mut self) -> Option<Need> {
        self.tried.take()?;
        if let ConnectionRole::Quiet(_) | ConnectionRole::Pongs(_) = self.role {
            self.state = ConnectionState::Lasted;
            return Some(Need::Leave);
        }
        None
    }

    /// It is over, and we did not end it.
    pub fn cut(&mut self, now: Time, cut: Cut) {
        if self.state != ConnectionState::Open {
            return;
        }
        let cut = if self.tried.is_some() && cut == Cut::Reset { Cut::ResetWhenUsed } else { cut };
        let until = if cut.is_visible() { now } else { self.tried.unwrap_or(now) };
        self.state = ConnectionState::Cut(until.saturating_sub(self.opened), cut);
    }

    /// It is given up.
    pub fn drop_it(&mut self) -> Option<Need> {
        let was_open = self.state == ConnectionState::Open;
        if matches!(self.state, ConnectionState::Wanted | ConnectionState::Opening | ConnectionState::Open) {
            self.state = ConnectionState::Dropped;
        }
        was_open.then_some(Need::Leave)
    }

    /// Whether more may be learnt from it.
    pub fn is_pending(&self) -> bool {
        matches!(self.state, ConnectionState::Wanted | ConnectionState::Opening | ConnectionState::Open)
    }

    /// What is to be done now, where a ping is answered within `patience` or never. A keeper lives until it was open for
    /// `enough`, where that is known.
    pub fn need(&mut self, now: Time, patience: Duration, enough: Option<Duration>) -> Option<Need> {
        match self.state {
            ConnectionState::Wanted => {
                self.state = ConnectionState::Opening;
                return Some(Need::Open);
            }
            ConnectionState::Open => {}
            _ => return None,
        }
        if let Some(tried) = self.tried.filter(|tried| now >= *tried + patience) {
            self.state = ConnectionState::Cut(tried.saturating_sub(self.opened), Cut::Silent);
            return Some(Need::Leave);
        }
        let has_enough = enough.is_some_and(|enough| now >= self.opened + enough);
        match self.role {
            ConnectionRole::Quiet(silence) if self.tried.is_none() && now >= self.opened + silence => {
                Some(self.ping(now))
            }
            // A ping that is answered is the proof that it is still open; one that waits is waited for.
            ConnectionRole::Pongs(_) if has_enough && self.tried.is_none() => Some(self.ping(now)),
            ConnectionRole::Pings(_) if has_enough && self.tried.is_none() => {
                self.state = ConnectionState::Lasted;
                Some(Need::Leave)
            }
            ConnectionRole::Pongs(every) if self.tried.is_none() && now >= self.sent + every => {
                self.sent = now;
                Some(Need::Pong)
            }
            ConnectionRole::Pings(every) if self.tried.is_none() && now >= self.sent + every => Some(self.ping(now)),
            ConnectionRole::Quiet(_) | ConnectionRole::Pongs(_) | ConnectionRole::Pings(_) => None,
        }
    }

    fn ping(&mut self, now: Time) -> Need {
        (self.sent, self.tried) = (now, Some(now));
        Need::Ping
    }

    /// When it needs something next.
    pub fn wake(&self, patience: Duration, enough: Option<Duration>) -> Option<Time> {
        if self.state != ConnectionState::Open {
            return None;
        }
        if let Some(tried) = self.tried {
            return Some(tried + patience);
        }
        match self.role {
            ConnectionRole::Quiet(silence) => Some(self.opened + silence),
            ConnectionRole::Pongs(every) | ConnectionRole::Pings(every) => {
                let enough = enough.map(|enough| self.opened + enough);
                enough.into_iter().chain([self.sent + every]).min()
            }
        }
    }
}
