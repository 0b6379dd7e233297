//! A recording in another form: a HAR, a page, or figures.

use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use crate::cli::Show;
use crate::client::{advice, report, view};
use crate::error::{Error, Phase, Result};
use crate::event::{Event, EventSink};
use crate::http::redact::Secrets;
use crate::output::Charset;
use crate::recording::html::PageWriter;
use crate::recording::{self, ReadError, Record, RecordingStatistics, Records, har};

/// Writes a HAR of what is asked for; why the recording ends early, if it does.
///
/// # Errors
/// [`Phase::Usage`] for stdin, which cannot be read twice; [`Phase::Session`] where the file cannot be written.
pub fn to_har(args: &Show, path: &Path, file: &File) -> Result<Option<ReadError>> {
    if args.file == Path::new("-") {
        return Err(Error::new(
            Phase::Usage,
            "a HAR cannot be made of stdin, since the recording is read twice for it",
        )
        .hint("save it as `.jsonl` first"));
    }
    let selection = args.part.selection();
    let mut records = || {
        let records = recording::open(&args.file).map_err(io::Error::other)?.records;
        Ok(Box::new(selection.of(records)) as Records)
    };
    write_har(file, &mut records, args.view.secrets()).map_err(|error| cannot_write(path, error))
}

/// Writes a HAR of `records`, which are read twice; why they end early, if they do.
///
/// # Errors
/// The error of the file, or of what gives the records.
pub fn write_har(
    file: &File,
    records: &mut dyn FnMut() -> io::Result<Records>,
    secrets: Secrets,
) -> io::Result<Option<ReadError>> {
    let mut output = BufWriter::new(file);
    let early_end = har::write(&mut output, records, secrets)?;
    output.flush()?;
    Ok(early_end)
}

/// Writes a page of what is asked for; why the recording ends early, if it does.
///
/// # Errors
/// [`Phase::Session`] where the file cannot be written, [`Phase::Input`] where the recording cannot be read.
pub fn to_page(args: &Show, path: &Path, file: File) -> Result<Option<ReadError>> {
    let mut page = PageWriter::new(BufWriter::new(file), args.view.secrets(), advice);
    let mut annotator = view::annotator(&args.view);
    let early_end = each(args, |record| {
        let (origin, at) = (record.origin, record.at);
        record.event.lend(|event| {
            let annotation = annotator.as_mut().and_then(|annotator| annotator.event(origin, at, event));
            // A page does not ask to stop.
            let _ = match event {
                Event::Wire { direction, event, round_trip, .. } => {
                    let (direction, round_trip) = (*direction, *round_trip);
                    let annotation = annotation.as_ref();
                    page.event(origin, at, &Event::Wire { direction, event, round_trip, annotation })
                }
                event => page.event(origin, at, event),
            };
        });
    })?;
    page.finish().map(|_| early_end).map_err(|error| cannot_write(path, error))
}

/// The figures of what is asked for; why the recording ends early, if it does.
///
/// # Errors
/// [`Phase::Input`] where the recording cannot be read.
pub fn to_figures(args: &Show) -> Result<(String, Option<ReadError>)> {
    let mut statistics = RecordingStatistics::default();
    let early_end = each(args, |record| {
        let _ = record.event.lend(|event| statistics.event(record.origin, record.at, event));
    })?;
    Ok((statistics.report(Charset::of_locale(|name| std::env::var_os(name))), early_end))
}

/// Gives each record that is asked for to `take`.
fn each(args: &Show, mut take: impl FnMut(&Record)) -> Result<Option<ReadError>> {
    for record in args.part.selection().of(recording::open(&args.file)?.records) {
        match record {
            Ok(record) => take(&record),
            Err(error) if error.is_early_end() => return Ok(Some(error)),
            Err(error) => return Err(recording::read_error(&args.file, error)),
        }
    }
    Ok(None)
}

/// The error that a file cannot be written.
pub fn cannot_write(path: &Path, error: io::Error) -> Error {
    Error::new(Phase::Session, format!("cannot write `{}`", path.display())).caused_by(error)
}

/// Makes a HAR of what was recorded when it goes out of scope: at the end of a run. Until then the recording is in a spool
/// beside it, which stays where the process is killed, or the HAR cannot be written.
pub struct HarAtEnd {
    path: PathBuf,
    /// Taken at the end.
    file: Option<File>,
    spool: PathBuf,
    secrets: Secrets,
}

impl HarAtEnd {
    /// The HAR is to be written to `file`, which is at `path`.
    pub fn new(path: &Path, file: File, secrets: Secrets) -> Self {
        Self { path: path.to_owned(), file: Some(file), spool: spool(path), secrets }
    }
}

/// Where the spool of a HAR is: `session.har.jsonl` for `session.har`.
pub fn spool(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".jsonl");
    name.into()
}

impl Drop for HarAtEnd {
    fn drop(&mut self) {
        let Some(file) = self.file.take() else { return };
        let mut records = || recording::open(&self.spool).map(|recording| recording.records).map_err(io::Error::other);
        let written = write_har(&file, &mut records, self.secrets).and_then(|_| std::fs::remove_file(&self.spool));
        if let Err(error) = written {
            let hint = format!("what was recorded is in `{}`", self.spool.display());
            report::alone(&cannot_write(&self.path, error).hint(hint));
        }
    }
}
