//! A recording in another form: a file of another format, or figures.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::Show;
use crate::client::{advice, record, view};
use crate::dialect::Annotator;
use crate::error::{Error, Phase, Result};
use crate::event::{Event, EventSink, Flow, FlushError, Origin, Timestamp, Wants};
use crate::output::{Banner, Charset, DataFormat, FdOutput, Options};
use crate::pattern::{Expression, Message};
use crate::recording::har::{self, HarOptions};
use crate::recording::html::PageWriter;
use crate::recording::{self, Existing, Format, ReadError, Record, Recording, RecordingStatistics, WholeFile};
use crate::wire;

/// Saves what is asked for in another file, in the format of its ending; why the recording ends early, if it does.
///
/// # Errors
/// [`Phase::Input`] where the recording cannot be read, or lacks a connection that is asked for; [`Phase::Usage`] where the file
/// cannot be had, and for a HAR of stdin, which cannot be read twice; [`Phase::Session`] where the file cannot be written.
pub fn save(args: &Show, path: &Path) -> Result<Option<ReadError>> {
    record::refuse_source(&args.file, path)?;
    let existing = record::existing(args.save.overwrite);
    let refused = |error| record::create_error(path, error, record::OVERWRITE);
    let format = recording::format_for(path).map_err(refused)?;
    if format == Format::Har && args.file == Path::new("-") {
        let error = Error::new(Phase::Usage, "a HAR cannot be made of stdin, since the recording is read twice for it");
        return Err(error.hint("save it as `.jsonl` first"));
    }
    // What is wrong with it is told before anything is written.
    let recording = recording::open(&args.file)?;
    write_whole(path, (existing, record::OVERWRITE), |file| {
        let written = match format {
            Format::Har => to_har(args, file),
            Format::Html => to_page(args, recording, file),
            Format::Log | Format::JsonLines => to_recording(args, recording, (format, path), file),
        };
        unless_missing(args, written.map_err(|error| cannot_write(path, error))?)
    })
}

/// Why the recording ends early, if it does, and has the connections that are asked for.
fn unless_missing(args: &Show, early_end: Option<ReadError>) -> Result<Option<ReadError>> {
    match early_end {
        Some(error @ ReadError::NoConnection { .. }) => Err(recording::read_error(&args.file, error)),
        early_end => Ok(early_end),
    }
}

/// Has `write` write a file, which is at `path` only when it is whole. `hint` says what can be done about one that is there and
/// stays.
///
/// # Errors
/// [`Phase::Usage`] where the file cannot be had; that of `write`, which leaves nothing.
pub fn write_whole<T>(
    path: &Path,
    (existing, hint): (Existing, &str),
    write: impl FnOnce(&File) -> Result<T>,
) -> Result<T> {
    let refused = |error| record::create_error(path, error, hint);
    let whole = WholeFile::begin(path, existing).map_err(refused)?;
    let written = write(whole.file())?;
    whole.finish().map_err(refused)?;
    Ok(written)
}

fn to_har(args: &Show, file: &File) -> io::Result<Option<ReadError>> {
    let mut open = || {
        let recording = recording::open(&args.file).map_err(io::Error::other)?;
        Ok(Recording { perspective: recording.perspective, records: Box::new(args.part.selection().of(recording)) })
    };
    write_har(file, &mut open, view::har_options(&args.view))
}

/// Writes a HAR of the recording that `open` gives, which is read more than once; why it ends early, if it does.
///
/// # Errors
/// When the file cannot be written, or the recording not be read.
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

fn to_page(args: &Show, recording: Recording, file: &File) -> io::Result<Option<ReadError>> {
    let mut page = PageWriter::new(BufWriter::new(file), args.view.secrets(), advice);
    let early_end = feed(args, recording, Some(view::annotator_for_people(&args.view)), &mut page);
    page.finish().map(|_| early_end)
}

fn to_recording(
    args: &Show,
    recording: Recording,
    (format, path): (Format, &Path),
    file: &File,
) -> io::Result<Option<ReadError>> {
    let options = Options { perspective: recording.perspective, ..view::options_of(&args.view, Banner::Shown) };
    let mut recorder = record::recorder(format, &options, Box::new(FdOutput::new(file)?), path);
    let annotator = (format == Format::Log).then(|| view::annotator_for_people(&args.view));
    let early_end = feed(args, recording, annotator, &mut recorder);
    recorder.flush().map(|()| early_end).map_err(|failure| failure.error)
}

/// The figures of what is asked for; why the recording ends early, if it does.
///
/// # Errors
/// [`Phase::Input`] where the recording cannot be read, or has not the connection that is asked for.
pub fn to_figures(args: &Show) -> Result<(Vec<u8>, Option<ReadError>)> {
    let mut matching = Matching { filters: &args.view.filter, statistics: RecordingStatistics::default() };
    let annotator = (!args.view.filter.is_empty()).then(|| view::annotator_for_people(&args.view));
    let early_end = unless_missing(args, feed(args, recording::open(&args.file)?, annotator, &mut matching))?;
    let statistics = matching.statistics;
    let figures = if args.view.output == DataFormat::Json {
        statistics.json()
    } else {
        statistics.report(Charset::of_locale(|name| std::env::var_os(name))).into_bytes()
    };
    Ok((figures, early_end))
}

/// Has only messages counted that match all the filters.
struct Matching<'a> {
    filters: &'a [Expression],
    statistics: RecordingStatistics,
}

impl EventSink for Matching<'_> {
    fn wants(&self) -> Wants {
        self.statistics.wants()
    }

    fn event(&mut self, origin: Origin, at: Timestamp, event: &Event<'_>) -> Flow {
        if let Event::Wire { direction, event: wire::Event::Message { kind, payload, .. }, annotation, .. } = event {
            let note = annotation.map(|annotation| annotation.text.as_str());
            let message = Message { direction: *direction, kind: *kind, payload, note };
            if !self.filters.iter().all(|filter| filter.judge(&message).matches) {
                return Flow::Continue;
            }
        }
        self.statistics.event(origin, at, event)
    }

    fn flush(&mut self) -> std::result::Result<(), FlushError> {
        self.statistics.flush()
    }
}

/// Gives what is asked for to `sink`, with what it means; why it ends early, if it does.
fn feed(
    args: &Show,
    recording: Recording,
    mut annotator: Option<Annotator>,
    sink: &mut dyn EventSink,
) -> Option<ReadError> {
    for record in args.part.selection().of(recording) {
        let Record { origin, at, event } = match record {
            Ok(record) => record,
            Err(error) => return Some(error),
        };
        // A recording does not end before its end.
        let _ = event.lend(|event| match &mut annotator {
            Some(annotator) => sink.event(origin, at, &annotator.annotated(origin, at, event)),
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
        let mut open = || recording::open(spool).map_err(io::Error::other);
        write_whole(&self.path, (self.existing, record::OVERWRITE), |file| {
            match write_har(file, &mut open, self.options).map_err(|error| cannot_write(&self.path, error))? {
                Some(error) if !error.is_early_end() => Err(recording::read_error(spool, error)),
                _ => Ok(()),
            }
        })?;
        fs::remove_file(spool).map_err(|error| cannot_write(&self.path, error))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn names(folder: &Path) -> Vec<PathBuf> {
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect()
    }

    #[test]
    fn a_file_has_its_name_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        let fails = |_: &File| -> Result<()> { Err(Error::new(Phase::Input, "it is gone")) };
        assert!(write_whole(&path, (Existing::Kept, ""), fails).is_err());
        assert_eq!(names(folder.path()), [""; 0].map(PathBuf::from));
        let write = |mut file: &File| {
            assert!(!path.exists());
            file.write_all(b"whole").unwrap();
            Ok(())
        };
        write_whole(&path, (Existing::Kept, ""), write).unwrap();
        assert_eq!(names(folder.path()), [path.as_path()]);
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        // Another file may have come in the meantime.
        let other = folder.path().join("b.log");
        let comes = |mut file: &File| {
            fs::write(&other, "other").unwrap();
            file.write_all(b"whole").unwrap();
            Ok(())
        };
        assert!(write_whole(&other, (Existing::Kept, ""), comes).is_err());
        assert_eq!(fs::read(&other).unwrap(), b"other");
        write_whole(&other, (Existing::Overwritten, ""), comes).unwrap();
        assert_eq!(fs::read(&other).unwrap(), b"whole");
        assert_eq!(names(folder.path()).len(), 2);
    }
}
