//! How files are written: whole, or not at all.

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::Context as _;

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
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut file = new_file_in(folder).map_err(|error| system_text(&error)).with_context(context)?;
    let mut writer = BufWriter::new(&mut file);
    write(&mut writer).with_context(context)?;
    writer.flush().with_context(context)?;
    drop(writer);
    file.persist(path).map_err(|error| error.error).with_context(context)?;
    Ok(())
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
