//! How files are read: no further than they may be long; and written: whole, or not at all.

use std::fs;
use std::io::{self, BufWriter, IsTerminal as _, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use constellation_lab::words::one_line;

use crate::printer::tell_now;

/// How standard input is called on the command line.
pub(crate) const STANDARD_INPUT: &str = "-";

/// What can be read, and how long it may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    /// As messages call it: `a scenario`.
    pub(crate) what: &'static str,
    /// How many bytes it has at most.
    pub(crate) bytes_max: u64,
}

/// What messages call a file, or standard input for `-`.
pub(crate) fn name_of(path: &Path) -> String {
    if path.as_os_str() == STANDARD_INPUT {
        return "standard input".to_owned();
    }
    format!("`{}`", one_line(&path.display().to_string()))
}

/// The bytes of a file, or of standard input for `-`; never more of them than the most and one, however long it is.
pub(crate) fn read_whole(path: &Path, kind: Kind) -> anyhow::Result<Vec<u8>> {
    let name = name_of(path);
    let context = || format!("cannot read {name}");
    let Kind { what, bytes_max } = kind;
    let mut bytes = Vec::new();
    tell_of_waiting(path, &name);
    let is_long = if path.as_os_str() == STANDARD_INPUT {
        read_some(io::stdin().lock(), bytes_max, &mut bytes).with_context(context)?
    } else {
        let file = fs::File::open(path).with_context(context)?;
        // Of a file that is known to be too long nothing needs to be read; a device has no length.
        let length = file.metadata().map_or(0, |found| found.len());
        length > bytes_max || read_some(file, bytes_max, &mut bytes).with_context(context)?
    };
    if is_long {
        bail!("{name} is too long: {what} has at most {bytes_max} bytes");
    }
    Ok(bytes)
}

/// Says what is waited for, where somebody sits before a terminal and nothing would show: a pipe to which nobody writes yet,
/// or what is to be typed.
fn tell_of_waiting(path: &Path, name: &str) {
    let is_typed = path.as_os_str() == STANDARD_INPUT && io::stdin().is_terminal();
    if io::stderr().is_terminal() && (is_typed || is_pipe(path)) {
        tell_now(&format!(
            "reading {name} to its end: {}",
            if is_typed { "Ctrl-D ends it" } else { "it is a pipe" }
        ));
    }
}

#[cfg(unix)]
fn is_pipe(path: &Path) -> bool {
    use std::os::unix::fs::FileTypeExt as _;
    fs::metadata(path).is_ok_and(|found| found.file_type().is_fifo())
}

#[cfg(not(unix))]
fn is_pipe(_: &Path) -> bool {
    false
}

/// As [`read_whole`], of what must be text.
pub(crate) fn read_text(path: &Path, kind: Kind) -> anyhow::Result<String> {
    let bytes = read_whole(path, kind)?;
    String::from_utf8(bytes).with_context(|| format!("{} is not UTF-8 text", name_of(path)))
}

/// Whether there is more than may be read.
fn read_some(reader: impl Read, bytes_max: u64, bytes: &mut Vec<u8>) -> io::Result<bool> {
    // Saturating: a limit of 2^64 - 1 bytes is none.
    reader.take(bytes_max.saturating_add(1)).read_to_end(bytes)?;
    Ok(bytes.len() as u64 > bytes_max)
}

/// Writes a whole file beside its place and moves it there, so that no reader ever sees half of one.
pub(crate) fn write_whole(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> anyhow::Result<()> {
    let context = || format!("cannot write `{}`", path.display());
    // A device or a pipe keeps its place; only a file is replaced.
    if fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir()) {
        let mut writer = BufWriter::new(fs::File::create(path).with_context(context)?);
        write(&mut writer).with_context(context)?;
        return writer.flush().with_context(context);
    }
    let mut file = new_file_in(folder_of(path)).map_err(|error| system_text(&error)).with_context(context)?;
    let mut writer = BufWriter::new(&mut file);
    write(&mut writer).with_context(context)?;
    writer.flush().with_context(context)?;
    drop(writer);
    file.persist(path).map_err(|error| error.error).with_context(context)?;
    Ok(())
}

/// Whether what [`write_whole`] writes there takes the place of what it wrote before; a device or a pipe has both.
pub(crate) fn is_replaced(path: &Path) -> bool {
    fs::metadata(path).map_or(true, |found| found.is_file())
}

/// Finds out whether [`write_whole`] can write there, before much is done for what is to be written.
pub(crate) fn try_place(path: &Path) -> anyhow::Result<()> {
    let context = || format!("cannot write `{}`", path.display());
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Err(anyhow::Error::msg("it is a folder")).with_context(context),
        Ok(found) if !found.is_file() => Ok(()),
        _ => {
            let file = new_file_in(folder_of(path)).map_err(|error| system_text(&error));
            file.map(drop).with_context(context)
        }
    }
}

/// Refuses to write where one reads: whoever names a trace behind `-o` by mistake keeps it.
pub(crate) fn spare<'p>(
    read: impl IntoIterator<Item = &'p PathBuf>,
    written: impl IntoIterator<Item = &'p PathBuf>,
) -> anyhow::Result<()> {
    let place = |path: &PathBuf| fs::canonicalize(path).ok().filter(|place| place.is_file());
    let read: Vec<PathBuf> = read.into_iter().filter_map(place).collect();
    match written.into_iter().find(|path| place(path).is_some_and(|place| read.contains(&place))) {
        Some(path) => {
            bail!("{} would be written over, and it is read\nhelp: name another file", name_of(path))
        }
        None => Ok(()),
    }
}

/// In which folder a file is to stand.
fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes a folder unless it is there, and finds out whether files can be written into it.
pub(crate) fn make_folder(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let file = new_file_in(folder).map_err(|error| system_text(&error));
    file.map(drop).with_context(|| format!("cannot write into the folder `{}`", folder.display()))
}

/// A nameless file with the rights that a file of this user has; on its own it would be for this user alone.
fn new_file_in(folder: &Path) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder)
}

/// What the system said, without the name of a file that never was.
fn system_text(error: &io::Error) -> anyhow::Error {
    let text = error.to_string();
    anyhow::Error::msg(text.split_once(" at path ").map_or(text.clone(), |(said, _)| said.to_owned()))
}
