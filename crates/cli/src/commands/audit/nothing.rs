//! A folder with nothing in it to read: a misspelt name, which would pass every check for ever.

use std::path::PathBuf;

use anyhow::bail;
use constellation_audit::{Audit, is_any_hidden};
use constellation_lab::words::one_line;

use crate::printer::count;

/// What is looked for in a folder.
pub(crate) struct Wanted {
    /// One of them: `Rust file`.
    pub(crate) what: &'static str,
    /// How their names end.
    pub(crate) extensions: &'static [&'static str],
}

/// Refuses what found nothing to read in any folder. Where files alone are named, as a hook of Git does, all of them may be
/// test code, and that is fine.
pub(crate) fn refuse_nothing(paths: &[PathBuf], found: &Audit, wanted: &Wanted) -> anyhow::Result<()> {
    let is_read = !found.files.is_empty() || !found.not_audited.is_empty();
    if is_read || !paths.iter().any(|path| path.is_dir()) {
        return Ok(());
    }
    let names: Vec<_> = paths.iter().map(|path| format!("`{}`", path.display())).collect();
    let names = names.join(" and ");
    let (below, what) = (one_line(&names), wanted.what);
    if found.files_left_out > 0 {
        let left_out = count(found.files_left_out, what);
        bail!("nothing below {below} is left to read: {left_out} of test code\nhelp: --tests looks at them");
    }
    if is_any_hidden(paths, wanted.extensions) {
        bail!(
            "nothing below {below} is left to read: every {what} there is hidden or ignored\n\
             help: `.gitignore`, `.ignore` and `.auditignore` say what is ignored; a file that is named itself is read"
        );
    }
    let ends: Vec<_> = wanted.extensions.iter().map(|end| format!("`.{end}`")).collect();
    let ends = ends.join(", ");
    bail!("no {what} is below {below}\nhelp: names that end in {ends} are looked for; is the name misspelt?")
}
