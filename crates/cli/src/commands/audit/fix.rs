//! `--fix`: what a machine can mend, as a difference that is read first, and written where that is asked for.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use anyhow::Context as _;
use constellation_audit::{Audit, Level, Options, mend};
use constellation_lab::words::one_line;
use similar::TextDiff;

use super::CODE;
use super::human::obeyed_by_nobody;
use super::paths::{seen, slashed};
use crate::file::{name_of, read_text, write_whole};
use crate::printer::{Printer, count};

/// Whether mends are written into the files.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Write {
    No,
    Yes,
}

/// Shows what can be mended, and writes it if that is asked for. Says how many mends there are.
pub(super) fn run(
    found: &Audit,
    least: Level,
    options: &Options,
    write: Write,
    printer: &mut Printer,
) -> anyhow::Result<usize> {
    let of_level = found.findings.iter().filter(|finding| finding.level >= least);
    let paths: BTreeSet<&Path> = of_level.map(|finding| &*finding.path).collect();
    let (mut mends, mut files) = (0, 0);
    for path in paths {
        let text = read_text(path, CODE)?;
        let Some(mended) = mend(path, &text, options, least) else { continue };
        mends += mended.mends;
        files += 1;
        print_difference(path, &text, &mended.text, printer)?;
        if write == Write::Yes {
            write_over(path, &mended.text)?;
        }
    }
    let summary = format!("{} in {}", count(mends, "mend"), count(files, "file"));
    printer.line(match (mends, write) {
        (0, _) => "nothing that a machine can mend".to_owned(),
        (_, Write::No) => format!("{summary}: --write makes them; read them first"),
        (_, Write::Yes) => format!("{summary}, written"),
    })?;
    Ok(mends)
}

/// In place of the file, through links, and with the rights that it had.
fn write_over(path: &Path, text: &str) -> anyhow::Result<()> {
    let context = || format!("cannot write {}", name_of(path));
    let place = path.canonicalize().with_context(context)?;
    let rights = fs::metadata(&place).with_context(context)?.permissions();
    write_whole(&place, |writer| writer.write_all(text.as_bytes()))?;
    fs::set_permissions(&place, rights).with_context(context)
}

fn print_difference(path: &Path, old: &str, new: &str, printer: &mut Printer) -> anyhow::Result<()> {
    let path = slashed(&seen(path));
    let path = one_line(&path);
    let difference = TextDiff::from_lines(old, new);
    let mut unified = difference.unified_diff();
    unified.context_radius(3).header(&format!("a/{path}"), &format!("b/{path}"));
    printer.line(obeyed_by_nobody(&unified.to_string()).trim_end_matches('\n'))
}
