//! A `clippy.toml` that refuses what the audit knows by name: clippy knows types, and sees a call wherever it stands.

use constellation_audit::{disallowed, rules};

use crate::printer::Printer;

const HEAD: &str = "\
# What `constellation audit` knows to be wrong by name, for clippy's `disallowed_methods`, which knows types.
# `constellation audit --explain RULE` tells why.
disallowed-methods = [";

pub(super) fn print(printer: &mut Printer) -> anyhow::Result<()> {
    printer.line(HEAD)?;
    for entry in disallowed() {
        let title = rules::find(entry.rule).map_or("", |rule| rule.title);
        // A crate that is not used here has no such path.
        printer.line(format!(
            "    {{ path = \"{}\", reason = \"{title} ({})\", allow-invalid = true }},",
            entry.path, entry.rule
        ))?;
    }
    printer.line("]")
}
