//! The file of known findings: read, compared, and written whole or not at all.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use constellation_audit::{Audit, Compared, Known, Setting, Tests};
use constellation_lab::words::one_line;
use serde_json::{Value, json};

use super::paths::slashed;
use crate::file::{Kind, name_of, read_text, write_whole};

const SCHEMA: &str = "constellation/audit-baseline/1";

const BASELINE: Kind = Kind { what: "a baseline", bytes_max: 64 << 20 };

/// In which folder it stands: its paths are seen from there.
fn folder(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Sets aside what is known.
pub(crate) fn compare(audit: &mut Audit, file: &Path, tests: Tests) -> anyhow::Result<Compared> {
    if !file.exists() {
        let name = name_of(file);
        bail!("there is no baseline {name}\nhelp: `--write-baseline` writes what is found today into it");
    }
    Ok(audit.compare(&read(file)?, folder(file), tests))
}

/// Writes down what is found. What is known of files that were not looked at stays.
pub(crate) fn write(audit: &Audit, file: &Path, tests: Tests) -> anyhow::Result<usize> {
    let mut known = Known::of(audit, folder(file));
    let count = known.iter().map(|entry| entry.count).sum();
    if file.exists() {
        known.extend(audit.clone().compare(&read(file)?, folder(file), tests).unseen);
    }
    // By place in the file they would trade places whenever code does.
    known.sort_by(|one, other| order(one).cmp(&order(other)));
    let entries: Vec<Value> = known.iter().map(entry_json).collect();
    let whole = json!({"schema": SCHEMA, "findings": entries});
    write_whole(file, |writer| {
        serde_json::to_writer_pretty(&mut *writer, &whole)?;
        writer.write_all(b"\n")
    })?;
    Ok(count)
}

fn order(entry: &Known) -> impl Ord + '_ {
    (&entry.path, &entry.rule, &entry.within, entry.fingerprint)
}

fn entry_json(entry: &Known) -> Value {
    json!({
        "file": slashed(&entry.path),
        "rule": entry.rule,
        "within": entry.within,
        "text": entry.text,
        "is_test": entry.setting == Setting::Test,
        "count": entry.count,
        "fingerprint": entry.fingerprint.to_string(),
    })
}

fn read(file: &Path) -> anyhow::Result<Vec<Known>> {
    let name = name_of(file);
    let text = read_text(file, BASELINE)?;
    let whole: Value = serde_json::from_str(&text).with_context(|| format!("{name} is not JSON"))?;
    if whole["schema"] != SCHEMA {
        let found = one_line(&whole["schema"].to_string()).into_owned();
        bail!("{name} is no baseline: its `schema` is {found}, not \"{SCHEMA}\"");
    }
    let entries = whole["findings"].as_array();
    let entries = entries.with_context(|| format!("{name} has no list `findings`"))?;
    let read = entries.iter().enumerate().map(|(number, entry)| {
        known(entry).map_err(|wrong| anyhow::Error::msg(format!("{name}: finding {}: {wrong}", number + 1)))
    });
    read.collect()
}

fn known(entry: &Value) -> Result<Known, String> {
    let text = |key: &str| {
        let text = entry[key].as_str().map(str::to_owned);
        text.ok_or_else(|| format!("`{key}` should be a text"))
    };
    let count = entry["count"].as_u64().filter(|count| (1..=1_000_000).contains(count));
    let count = count.ok_or("`count` should be a number from 1 to 1000000")?;
    let is_test = entry["is_test"].as_bool().ok_or("`is_test` should be true or false")?;
    Ok(Known {
        fingerprint: text("fingerprint")?.parse()?,
        rule: text("rule")?,
        path: PathBuf::from(text("file")?),
        within: text("within")?,
        text: text("text")?,
        setting: if is_test { Setting::Test } else { Setting::Shipped },
        count: usize::try_from(count).map_err(|_| "`count` is too large")?,
    })
}

/// One line on an entry that nothing matches any more.
pub(crate) fn told(entry: &Known) -> String {
    let within =
        if entry.within.is_empty() { String::new() } else { format!(" in `{}`", one_line(&entry.within)) };
    let times = if entry.count > 1 { format!(" ({} times)", entry.count) } else { String::new() };
    format!("{} {}{within}{times}", one_line(&slashed(&entry.path)), one_line(&entry.rule))
}

/// For scripts.
pub(crate) fn to_json(compared: &Compared) -> Value {
    let gone: Vec<Value> = compared.gone.iter().map(entry_json).collect();
    json!({"known": compared.known.len(), "gone": gone})
}
