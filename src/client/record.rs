//! Recordings: from flags to a sink in a file, and the words for what stands against it.

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Zoned;

use crate::cli::{RecordArgs, RecordTo, ViewArgs};
use crate::client::convert::HarAtEnd;
use crate::client::{report, view};
use crate::error::{Error, ExitStatus, Phase, Result};
use crate::event::{Event, Origin};
use crate::http::redact::Secrets;
use crate::output::{Fanout, FdOutput, Options, Output, OutputQueue, Overflow};
use crate::platform::{Descriptor, Signals, is_at, lead_to_same_file, open_regular_file};
use crate::recording::{self, CreateError, Existing, Format, Recorder};

/// What formats there are, by their endings.
const ENDINGS: &str = "`.jsonl` has everything, `.log` is the screen as text, `.har` is for browsers";
/// What can be done about a file that exists.
pub const OVERWRITE: &str = "`--overwrite` writes over it";
/// What can be done about the spool of a HAR that exists.
const SPOOL: &str = "it is what a run recorded that was killed: `wscope show` shows it, and makes a HAR of it";

/// What is recorded of a run, if anything is.
pub struct RunRecording {
    fanout: Fanout,
    /// What is recorded and waits for the file: a disk that stops for a moment stops no session.
    queue: Option<OutputQueue>,
    /// Taken when it is made.
    har: Option<HarAtEnd>,
}

/// Has what happens from now on recorded as the flags say, and tells where. `subject` is what a file without a name is named
/// after. What is given back has to live as long as the run.
///
/// # Errors
/// [`Phase::Usage`], when the file cannot be had.
pub fn start(
    args: &RecordArgs,
    view: &ViewArgs,
    subject: &str,
    options: &Options,
    fanout: &Fanout,
) -> Result<RunRecording> {
    let mut recording = RunRecording { fanout: fanout.clone(), queue: None, har: None };
    let Some(wanted) = args.wanted() else { return Ok(recording) };
    let path = match wanted {
        RecordTo::File(path) => Cow::Borrowed(path),
        RecordTo::NewFile => Cow::Owned(new_name(subject)),
    };
    let existing = existing(args.overwrite);
    let refused = |error| create_error(&path, error, OVERWRITE);
    let format = recording::format_for(&path).map_err(refused)?;
    let options = &options.unfiltered();
    let mut begin = |path: &Path, existing| {
        let file = FdOutput::new(&recording::create(path, existing)?)?;
        let (queue, output) = OutputQueue::before(Box::new(file), Overflow::WaitedFor, || None)?;
        recording.queue = Some(queue);
        Ok(recorder(format, options, Box::new(output), path))
    };
    let recorder = match format {
        Format::JsonLines | Format::Log => begin(&path, existing).map_err(refused)?,
        Format::Html => return Err(refused(CreateError::UnknownEnding)),
        Format::Har => {
            recording::check(&path, existing).map_err(refused)?;
            let har = HarAtEnd { path: path.to_path_buf(), existing, options: view::har_options(view) };
            let spool = har.spool();
            let recorder = begin(&spool, Existing::Kept).map_err(|error| create_error(&spool, error, SPOOL))?;
            recording.har = Some(har);
            recorder
        }
    };
    let note = format!("recording to `{}`: {}", path.display(), what_it_has(format, options.secrets));
    fanout.show(Origin::default(), &Event::Note(&note));
    fanout.add(Box::new(recorder));
    Ok(recording)
}

impl RunRecording {
    /// Ends it with the run, whose exit status this is: the status, with what it makes of it that something is not recorded.
    /// A file may take long, and a HAR too: one of the `signals` ends the process meanwhile, and leaves the spool.
    pub fn finish(mut self, status: ExitStatus, signals: &Signals) -> ExitStatus {
        signals.release();
        let has_left = matches!(status, ExitStatus::Interrupted | ExitStatus::Terminated);
        if has_left && self.queue.as_ref().is_some_and(|queue| !queue.wait()) {
            self.queue = None;
            self.har = None;
            report::alone(&Error::new(Phase::Session, "left before everything was recorded"));
        }
        status.max(self.end())
    }

    fn end(&mut self) -> ExitStatus {
        if let Some(queue) = self.queue.take() {
            queue.wait_for_all();
            // An error of the file comes with the next flush. That of the printer was told with an earlier one.
            let _ = self.fanout.lock().flush();
        }
        let recorded = if self.fanout.has_lost_sink() { ExitStatus::Session } else { ExitStatus::Success };
        recorded.max(self.make_har())
    }

    fn make_har(&mut self) -> ExitStatus {
        let Some(Err(error)) = self.har.take().map(|har| har.make()) else { return ExitStatus::Success };
        report::alone(&error);
        ExitStatus::Session
    }
}

/// A run that could not begin has a recording too.
impl Drop for RunRecording {
    fn drop(&mut self) {
        self.end();
    }
}

/// What a recording of this format has of messages, for those who pass it on.
pub fn what_it_has(format: Format, secrets: Secrets) -> &'static str {
    match (format, secrets) {
        (Format::JsonLines, _) | (_, Secrets::Shown) => "messages are in it as they are, passwords and tokens too",
        (Format::Log | Format::Har | Format::Html, Secrets::Hidden) => {
            "passwords and tokens in messages are hidden only where their dialect is known"
        }
    }
}

/// Refuses to write a recording over the one that is read: both would be lost. `-` reads stdin.
///
/// # Errors
/// [`Phase::Usage`], where both are one file.
pub fn refuse_source(source: &Path, written: &Path) -> Result<()> {
    let is_read = if source == Path::new("-") {
        let is_stdin = |file: File| lead_to_same_file(Descriptor::from(&io::stdin()), Descriptor::from(&file));
        open_regular_file(written).is_ok_and(is_stdin)
    } else {
        open_regular_file(source).is_ok_and(|file| is_at(&file, written))
    };
    if !is_read {
        return Ok(());
    }
    let error = Error::new(Phase::Usage, format!("`{}` is the recording that is read", written.display()));
    Err(error.hint("give what is written another name"))
}

/// What `--overwrite` says.
pub fn existing(overwrite: bool) -> Existing {
    if overwrite { Existing::Overwritten } else { Existing::Kept }
}

/// A sink that writes a log, or else JSON Lines, of which the other formats are made; `path` is the name of what it writes.
pub fn recorder(format: Format, options: &Options, output: Box<dyn Output>, path: &Path) -> Recorder {
    match format {
        Format::Log => Recorder::log(options, output, path),
        _ => Recorder::json_lines(options, output, path),
    }
}

/// The error that a file cannot be had; `hint` says what can be done about one that exists.
pub fn create_error(path: &Path, error: CreateError, hint: &str) -> Error {
    let name = path.display();
    let refused = |message: String| Error::new(Phase::Usage, message);
    match error {
        CreateError::UnknownEnding => refused(format!("`{name}` has not the ending of a recording")).hint(ENDINGS),
        CreateError::Exists => refused(format!("`{name}` exists already")).hint(hint),
        CreateError::Link => {
            refused(format!("`{name}` is a link, and nothing is recorded through one")).hint("name the file itself")
        }
        CreateError::NoFile => refused(format!("`{name}` is no file that can be written")),
        CreateError::NoStream(format) => {
            refused(format!("`{name}` is a FIFO or a device, and these take no `.{}`", format.ending()))
                .hint("they take `.jsonl`, also where they have another name")
        }
        CreateError::NoReader(limit) => {
            refused(format!("nothing has opened the FIFO `{name}` to read it within {} s", limit.as_secs()))
                .hint("start what reads it first")
        }
        CreateError::Io(cause) => refused(format!("cannot create `{name}`")).caused_by(cause),
    }
}

/// `example.com-20260131-120000.jsonl`
fn new_name(subject: &str) -> PathBuf {
    let is_plain = |character: char| character.is_ascii_alphanumeric() || ".-".contains(character);
    let subject: String = subject.chars().map(|character| if is_plain(character) { character } else { '_' }).collect();
    format!("{}-{}.jsonl", subject.trim_start_matches(['.', '-']), Zoned::now().strftime("%Y%m%d-%H%M%S")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_a_name_is_named_after_host_and_time() {
        let name = new_name("[::1]");
        assert_eq!(Format::of(&name), Some(Format::JsonLines));
        assert!(name.display().to_string().starts_with("___1_-20"), "{name:?}");
        assert!(new_name("../x").display().to_string().starts_with("_x-"));
    }
}
