//! Replaying one side of a recording: the client's side to a server, or the server's to clients.

mod connection;
mod driver;
mod player;
mod received;

pub use connection::RecordingFile;
pub use driver::run;
pub use player::{Played, Player};
pub use received::ReceivedCounts;
