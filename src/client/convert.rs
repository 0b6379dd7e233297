//! A recording in another form: a file of another format, or figures.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::Show;
use crate::client::{advice, record, view};
use crate::dialect::Annotator;
use crate::error::{Error, Phase, Result};
use crate::event::EventSink;
use crate::output::{Banner, Charset, Options};
use crate::recording::har::{self, HarOptions};
use crate::recording::html::PageWriter;
use crate::recording::{self, Existing, Format, ReadError, Record, Recording, RecordingStatistics};

/// Saves what is asked for in another file, in the format of its ending; why the recording ends early, if it does.
///
/// # Errors
/// [`Phase::Input`] where the recording cannot be read; [`Phase::Usage`] where the file cannot be had, and for a HAR of stdin,
/// which cannot be read twice; [`Phase::Session`] where the file cannot be written.
pub fn save(args: &Show, path: &Path) -> Result<Option<ReadError>> {
    let existing = record::existing(args.save.overwrite);
    let refused = |error| record::create_error(path, error, record::OVERWRITE);
    let format = recording::format_for(path).map_err(refused)?;
    if format == Format::Har && args.file == Path::new("-") {
        let error = Error::new(Phase::Usage, "a HAR cannot be made of stdin, since the recording is read twice for it");
        return Err(error.hint("save it as `.jsonl` first"));
    }
    let recording = recording::open(&args.file)?;
    match format {
        Format::Har => to_har(args, &recording::create(path, existing).map_err(refused)?),
        Format::Html => to_page(args, recording, recording::create(path, existing).map_err(refused)?),
        Format::Log | Format::JsonLines => {
            let perspective = recording.perspective;
            let options = Options { perspective, ..view::options_of(&args.view, Banner::Shown) };
            let mut recorder = record::recorder(path, existing, &options).map_err(refused)?;
            let annotator = (format == Format::Log).then(|| view::annotator_for_people(&args.view));
            let early_end = feed(args, recording, annotator, &mut recorder);
            recorder.flush().map(|()| early_end).map_err(|failure| failure.error)
        }
    }
    .map_err(|error| cannot_write(path, error))
}

fn to_har(args: &Show, file: &File) -> io::Result<Option<ReadError>> {
    let selection = args.part.selection();
    let mut open = || {
        let Recording { perspective, records } = recording::open(&args.file).map_err(io::Error::other)?;
        Ok(Recording { perspective, records: Box::new(selection.of(records)) })
    };
    write_har(file, &mut open, view::har_options(&args.view))
}

/// Writes a HAR of the recording that `open` gives, which is read twice; why it ends early, if it does.
///
/// # Errors
/// The error of the file, or of what gives the recording.
pub fn write_har(
    file: &File,
    open: &mut dyn FnMut() -> io::Result<Recording>,
    options: HarOptions,
) -> io::Result<Option<ReadError>> {
    let mut output = BufWriter::new(file);
    let early_end = har::write(&mut output, open, options)?;
    output.flush()?;
    Ok(early_end)
}

fn to_page(args: &Show, recording: Recording, file: File) -> io::Result<Option<ReadError>> {
    let mut page = PageWriter::new(BufWriter::new(file), args.view.secrets(), advice);
    let early_end = feed(args, recording, Some(view::annotator_for_people(&args.view)), &mut page);
    page.finish().map(|_| early_end)
}

/// The figures of what is asked for; why the recording ends early, if it does.
///
/// # Errors
/// [`Phase::Input`] where the recording cannot be read.
pub fn to_figures(args: &Show) -> Result<(String, Option<ReadError>)> {
    let mut statistics = RecordingStatistics::default();
    let early_end = feed(args, recording::open(&args.file)?, None, &mut statistics);
    Ok((statistics.report(Charset::of_locale(|name| std::env::var_os(name))), early_end))
}

/// Gives what is asked for to `sink`, with what it means; why it ends early, if it does.
fn feed(
    args: &Show,
    recording: Recording,
    mut annotator: Option<Annotator>,
    sink: &mut dyn EventSink,
) -> Option<ReadError> {
    for record in args.part.selection().of(recording.records) {
        let Record { origin, at, event } = match record {
            Ok(record) => record,
            Err(error) => return Some(error),
        };
        // A recording does not end before its end.
        let _ = event.lend(|event| match &mut annotator {
            Some(annotator) => annotator.annotated(origin, at, event, |event| sink.event(origin, at, event)),
            None => sink.event(origin, at, event),
        });
    }
    None
}

/// The error that a file cannot be written.
pub fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::new(Phase::Session, format!("cannot write `{}`", path.display())).caused_by(error)
}

/// A HAR that is made at the end of a run. Until then the recording is in a spool beside it, which stays where the process is
/// killed, or the HAR cannot be written.
pub struct HarAtEnd {
    /// Where it is going to be.
    pub path: PathBuf,
    /// What becomes of a file that is there.
    pub existing: Existing,
    /// What it does not show.
    pub options: HarOptions,
}

impl HarAtEnd {
    /// Where the spool is: `session.har.jsonl` for `session.har`.
    pub fn spool(&self) -> PathBuf {
        let mut name = self.path.as_os_str().to_owned();
        name.push(".jsonl");
        name.into()
    }

    /// Makes it, and removes the spool.
    ///
    /// # Errors
    /// Those of [`save`], with the place of the spool.
    pub fn make(&self) -> Result<()> {
        let spool = self.spool();
        self.write(&spool).map_err(|error| error.hint(format!("what was recorded is in `{}`", spool.display())))
    }

    fn write(&self, spool: &Path) -> Result<()> {
        let created = recording::create(&self.path, self.existing);
        let file = created.map_err(|error| record::create_error(&self.path, error, record::OVERWRITE))?;
        let written = write_har(&file, &mut || recording::open(spool).map_err(io::Error::other), self.options);
        if written.is_err() {
            // A part of a HAR is none.
            let _ = fs::remove_file(&self.path);
        }
        written.and_then(|_| fs::remove_file(spool)).map_err(|error| cannot_write(&self.path, error))
    }
}
