//! What has happened at a prompt, for `/save` and `/save-last`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::client::record::create_error;
use crate::error::{Error, Phase, Result};
use crate::event::EventSink;
use crate::output::{Fanout, FdOutput, Options};
use crate::recording::{self, CreateError, Existing, Format, Memory, Recorder, har};

/// The last of what has happened. Clones are the same.
#[derive(Clone)]
pub struct KeptSession {
    memory: Memory,
    options: Options,
}

impl KeptSession {
    /// Keeps what happens from now on.
    pub fn start(options: &Options, fanout: &Fanout) -> Self {
        let memory = Memory::default();
        fanout.add(Box::new(memory.sink(options)));
        Self { memory, options: options.clone() }
    }

    /// Writes it to a new file; what there is to tell.
    ///
    /// # Errors
    /// [`Phase::Usage`], when the file cannot be had; [`Phase::Session`], when it cannot be written.
    pub fn save(&self, path: &Path, format: Format) -> Result<String> {
        if format == Format::Html {
            let error = Error::new(Phase::Usage, format!("`{}`: a page is made of a recording", path.display()));
            return Err(error.hint("`/save FILE.jsonl` first, then `wscope show FILE.jsonl` makes one"));
        }
        let file = new_file(path)?;
        self.write(&file, path, format).map_err(|cause| unwritable(path, cause))?;
        Ok(format!("what happened is in `{}`; messages are in it as they are", path.display()))
    }

    /// Writes the last payload that was received to a new file; what there is to tell.
    ///
    /// # Errors
    /// Those of [`save`](Self::save), and that there is none.
    pub fn save_last(&self, path: &Path) -> Result<String> {
        let payload = self.memory.last_payload();
        let payload = payload.ok_or_else(|| Error::new(Phase::Input, "no message was received yet"))?;
        new_file(path)?.write_all(&payload).map_err(|cause| unwritable(path, cause))?;
        Ok(format!("{} bytes saved to `{}`", payload.len(), path.display()))
    }

    fn write(&self, mut file: &File, path: &Path, format: Format) -> io::Result<()> {
        match format {
            Format::JsonLines | Format::Html => io::copy(&mut self.memory.json_lines(), &mut file).map(drop),
            Format::Log => {
                let mut log = Recorder::log(&self.options, Box::new(FdOutput::new(file)?), path);
                // The end of what is kept is no end of it.
                for record in self.memory.records().flatten() {
                    let _ = record.event.lend(|event| log.event(record.origin, record.at, event));
                }
                log.flush().map_err(|failure| failure.error)
            }
            Format::Har => {
                let mut output = BufWriter::new(file);
                har::write(&mut output, &mut || Ok(Box::new(self.memory.records())), self.options.secrets)?;
                output.flush()
            }
        }
    }
}

fn new_file(path: &Path) -> Result<File> {
    let created = recording::create(path, Existing::Kept);
    created.map_err(|error: CreateError| create_error(path, error, "another name, or remove it first"))
}

fn unwritable(path: &Path, cause: io::Error) -> Error {
    Error::new(Phase::Session, format!("cannot write `{}`", path.display())).caused_by(cause)
}
