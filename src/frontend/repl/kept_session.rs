//! What has happened at a prompt, for `/save` and `/save-last`.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::ViewArgs;
use crate::client::convert::{self, cannot_write};
use crate::client::record::what_it_has;
use crate::client::view;
use crate::error::{Error, Phase, Result};
use crate::event::EventSink;
use crate::output::{Fanout, FdOutput, Options};
use crate::recording::{Existing, Format, Memory, Record, Recorder, Recording, Snapshot};

/// What can be done about a file that exists.
const TAKEN: &str = "another name, or remove it first";

/// The last of what has happened. Clones are the same.
#[derive(Clone)]
pub struct KeptSession {
    memory: Memory,
    view: ViewArgs,
    options: Options,
}

impl KeptSession {
    /// Keeps what happens from now on.
    pub fn start(view: &ViewArgs, options: &Options, fanout: &Fanout) -> Self {
        let memory = Memory::default();
        fanout.add(Box::new(memory.sink(options)));
        Self { memory, view: view.clone(), options: options.clone() }
    }

    /// Writes it to a new file; what there is to tell.
    ///
    /// # Errors
    /// [`Phase::Usage`], when the file cannot be had; [`Phase::Session`], when it cannot be written.
    pub fn save(&self, path: &Path, format: Format) -> Result<String> {
        let kept = self.memory.snapshot();
        if format == Format::Html {
            let error = Error::new(Phase::Usage, format!("`{}`: a page is made of a recording", path.display()));
            return Err(error.hint("`/save FILE.jsonl` first, then `wscope show FILE.jsonl --save FILE.html`"));
        }
        convert::write_whole(path, (Existing::Kept, TAKEN), |mut file| {
            let written = match format {
                Format::Log => self.write_log(&kept, file, path),
                Format::Har => {
                    let mut open = || Ok(Recording::from(kept.records()));
                    convert::write_har(file, &mut open, view::har_options(&self.view)).map(drop)
                }
                _ => io::copy(&mut kept.json_lines(), &mut file).map(drop),
            };
            written.map_err(|cause| cannot_write(path, cause))
        })?;
        Ok(self.saved(&kept, path, format))
    }

    fn saved(&self, kept: &Snapshot, path: &Path, format: Format) -> String {
        let (name, mut what) = (path.display(), what_it_has(format, self.options.secrets).to_owned());
        if kept.has_left_out {
            let longest = Snapshot::LONGEST_PAYLOAD >> 20;
            let _ =
                write!(what, "; of a message of more than {longest} MiB only that there was one (`--record` has all)");
        }
        let Some(time) = kept.begins_at.and_then(|time| Timestamp::try_from(time).ok()) else {
            return format!("what happened is in `{name}`: {what}");
        };
        let time = time.to_zoned(TimeZone::system()).strftime("%H:%M:%S");
        format!(
            "what happened since {time} is in `{name}`, and how the connection opened; what was between is no longer kept: {what}"
        )
    }

    /// Writes the last payload that was received to a new file; what there is to tell.
    ///
    /// # Errors
    /// Those of [`save`](Self::save), and that there is none.
    pub fn save_last(&self, path: &Path) -> Result<String> {
        let payload = self.memory.last_payload();
        let payload = payload.ok_or_else(|| Error::new(Phase::Input, "no message was received yet"))?;
        convert::write_whole(path, (Existing::Kept, TAKEN), |mut file| {
            file.write_all(&payload).map_err(|cause| cannot_write(path, cause))
        })?;
        Ok(format!("{} bytes saved to `{}`", payload.len(), path.display()))
    }

    fn write_log(&self, kept: &Snapshot, file: &File, path: &Path) -> io::Result<()> {
        let mut log = Recorder::log(&self.options.unfiltered(), Box::new(FdOutput::new(file)?), path);
        let mut annotator = view::annotator_for_people(&self.view);
        // The end of what is kept is no end of it.
        for Record { origin, at, event } in kept.records().flatten() {
            let _ = event.lend(|event| log.event(origin, at, &annotator.annotated(origin, at, event)));
        }
        log.flush().map_err(|failure| failure.error)
    }
}
