//! `wscope listen --replay`: the server's side of a recording, played to each client.

use std::path::Path;
use std::sync::Arc;
use std::thread;

use crate::cli::{PlayingArgs, Speed};
use crate::client::thread_error;
use crate::error::{Phase, Result};
use crate::event::{Event, Origin};
use crate::frontend::replay::{Played, Player, ReceivedCounts, RecordingFile};
use crate::output::Fanout;
use crate::recording::read_error;
use crate::session::Handle;
use crate::wire::Role;

/// A recording whose server's side is played. The first client gets the first connection of it, the second the second, and
/// after the last one it begins again.
pub struct ReplayedServer {
    file: Arc<RecordingFile>,
    speed: Speed,
    received: ReceivedCounts,
}

impl ReplayedServer {
    /// Looks through the recording, and has `fanout` count what clients send.
    ///
    /// # Errors
    /// [`Phase::Input`] where it cannot be read.
    pub fn new(path: &Path, playing: &PlayingArgs, fanout: &Fanout) -> Result<Self> {
        let file = Arc::new(RecordingFile::read(path, playing.connection)?);
        let received = ReceivedCounts::default();
        fanout.add(received.sink());
        Ok(Self { file, speed: playing.speed(), received })
    }

    /// Plays it to a client, on a thread of its own. What is wrong with the recording is shown.
    pub(super) fn play(&self, client: u64, handle: &Handle, fanout: &Fanout) {
        let (file, speed, received) = (Arc::clone(&self.file), self.speed, self.received.clone());
        let (playing, fanout) = (handle.clone(), fanout.clone());
        let play = move || {
            let origin = Origin { client: Some(client) };
            let role = Role::Server;
            let (handle, received) = (&playing, &received);
            let player = Player { role, speed, client: origin.client, handle, received, fanout: &fanout };
            let result = file.for_client(client).and_then(|mut connection| match connection.next_opening() {
                Some(opening) => player
                    .play(&opening.opened, opening.at, &mut || connection.next_record())
                    .map_err(|error| read_error(file.path(), error)),
                None => Ok(Played::default()),
            });
            if let Err(error) = result {
                fanout.show(origin, &Event::Error(&error));
            }
        };
        if let Err(error) = thread::Builder::new().spawn(play) {
            handle.report(thread_error(Phase::Session, "to play a recording to a client", error));
        }
    }
}
