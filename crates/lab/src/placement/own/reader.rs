//! How the description of a store of the user's own is read: every key is known or refused, and every slot.

use std::time::Duration;

use constellation_verify::models;

use super::{OwnCommand, OwnMode, OwnSite, OwnStore, Part, SITES, Slot};
use crate::scenario::duration;
use crate::scenario::reader::{Field, Result, Section, advice, document};
use crate::words::one_line;

/// The most words of a command, and commands of a list.
const WORDS_MAX: usize = 200;
/// The most modes.
const MODES_MAX: usize = 32;
/// The most ports.
const PORTS_MAX: usize = 32;
/// How long it may take to be ready, where nothing is said, and at most.
const READY_WITHIN: Duration = Duration::from_secs(20);
const READY_WITHIN_MAX: Duration = Duration::from_secs(600);

const KEYS: [&str; 11] = [
    "name",
    "title",
    "version",
    "modes",
    "fresh",
    "ready_within",
    "ports",
    "prepare",
    "start",
    "sites",
    "adapter",
];
const SLOTS: [(&str, Slot); 9] = [
    ("site", Slot::Site),
    ("name", Slot::Name),
    ("folder", Slot::Folder),
    ("here", Slot::Here),
    ("mode", Slot::Mode),
    ("address", Slot::Address),
    ("address.0", Slot::AddressOf(0)),
    ("address.1", Slot::AddressOf(1)),
    ("address.2", Slot::AddressOf(2)),
];

pub(super) fn read(text: &str) -> Result<OwnStore> {
    let document = document(text, OwnStore::TEXT_MAX, "a description of a store has")?;
    let file = Section::of_file(&document, text);
    file.only(&KEYS)?;
    let name = read_name(&file.require("name")?)?;
    let title = file.get("title").map(|field| line(&field)).transpose()?.unwrap_or_else(|| name.clone());
    Ok(OwnStore {
        title,
        version: file.get("version").map(|field| read_version(&field)).transpose()?.unwrap_or_default(),
        modes: read_modes(&file)?,
        is_begun_anew: match file.get("fresh") {
            None => false,
            Some(field) => field.one_of(&[("keys", false), ("servers", true)])?,
        },
        ready_within: file.get("ready_within").map_or(Ok(READY_WITHIN), |field| read_ready_within(&field))?,
        ports: read_ports(&file)?,
        sites: read_sites(&file)?,
        adapter: command(&file.require("adapter")?)?,
        name,
    })
}

fn read_name(field: &Field<'_>) -> Result<String> {
    let is_plain = |letter: char| letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-';
    let read = |text: &str| {
        let is_name = (1..=64).contains(&text.len()) && text.chars().all(is_plain);
        is_name.then(|| text.to_owned())
    };
    field.parsed("a name of small letters, digits and `-`, such as \"my-store\"", read)
}

/// A command that runs where no site is, so that there is nothing to put into a slot.
fn read_version(field: &Field<'_>) -> Result<Vec<String>> {
    command(field)?;
    let words = field.elements()?;
    words.iter().map(|word| word.text().map(str::to_owned)).collect()
}

fn read_modes(file: &Section<'_>) -> Result<Vec<OwnMode>> {
    let Some(field) = file.get("modes") else {
        let says = "as it is started".to_owned();
        return Ok(vec![OwnMode { name: "default".to_owned(), says, model: None }]);
    };
    let mut modes: Vec<OwnMode> = Vec::new();
    for section in bounded(&field, field.sections("a mode")?, MODES_MAX)? {
        section.only(&["name", "says", "model"])?;
        let field = section.require("name")?;
        let name = read_name(&field)?;
        if modes.iter().any(|other| other.name == name) {
            return Err(field.refuse(format!("mode `{name}` is described twice")));
        }
        let says = line(&section.require("says")?)?;
        let model = section.get("model").map(|field| read_model(&field)).transpose()?;
        modes.push(OwnMode { name, says, model });
    }
    Ok(modes)
}

fn read_model(field: &Field<'_>) -> Result<String> {
    let name = field.text()?;
    match models::find(name) {
        Ok(_) => Ok(name.to_owned()),
        Err(near) => Err(field.refuse(format!("no consistency model is called `{name}`")).help(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "`constellation models` lists them".to_owned(),
        })),
    }
}

fn read_ready_within(field: &Field<'_>) -> Result<Duration> {
    let read = |text: &str| duration(text).filter(|time| !time.is_zero() && *time <= READY_WITHIN_MAX);
    field.parsed("a time such as \"20s\", of at most 600s", read)
}

fn read_ports(file: &Section<'_>) -> Result<Vec<u16>> {
    let Some(field) = file.get("ports") else { return Ok(Vec::new()) };
    let port = |field: &Field<'_>| {
        let wanted = "ports from 1 to 65535";
        let number = field.integer(wanted)?;
        let port = u16::try_from(number).ok().filter(|port| *port > 0);
        port.ok_or_else(|| field.refuse(format!("`ports` should be {wanted}")))
    };
    bounded(&field, field.elements()?, PORTS_MAX)?.iter().map(port).collect()
}

/// Either the same at each site, or each of three.
fn read_sites(file: &Section<'_>) -> Result<[OwnSite; SITES]> {
    let Some(field) = file.get("sites") else {
        let site = read_site(file)?;
        return Ok([site.clone(), site.clone(), site]);
    };
    if let Some(other) = file.get("start").or_else(|| file.get("prepare")) {
        let message = format!("`{}` stands both for all sites and under `[[sites]]`", other.key);
        return Err(other.refuse(message).help("say it at each site, or leave `[[sites]]` out"));
    }
    let sites = field.sections("a site")?;
    let read = |section: &Section<'_>| {
        section.only(&["prepare", "start"])?;
        read_site(section)
    };
    let sites: Vec<OwnSite> = sites.iter().map(read).collect::<Result<_>>()?;
    let count = sites.len();
    sites.try_into().map_err(|_| field.refuse(format!("there are {SITES} sites, and {count} are described")))
}

fn read_site(section: &Section<'_>) -> Result<OwnSite> {
    let prepare = section.get("prepare").map(|field| commands(&field)).transpose()?.unwrap_or_default();
    Ok(OwnSite { prepare, start: commands(&section.require("start")?)? })
}

/// One command, a list of words, or several, a list of lists.
fn commands(field: &Field<'_>) -> Result<Vec<OwnCommand>> {
    let elements = bounded(field, field.elements()?, WORDS_MAX)?;
    if elements.iter().all(|element| element.value.is_array()) {
        return elements.iter().map(command).collect();
    }
    command(field).map(|command| vec![command])
}

fn command(field: &Field<'_>) -> Result<OwnCommand> {
    let words = bounded(field, field.elements()?, WORDS_MAX)?;
    let words: Vec<Vec<Part>> = words.iter().map(word).collect::<Result<_>>()?;
    match words.first() {
        Some(program) if !program.is_empty() => Ok(OwnCommand { words }),
        _ => Err(field.refuse(format!("a command of `{}` begins with nothing", field.key))),
    }
}

/// Text, and slots in braces; two braces are one.
fn word(field: &Field<'_>) -> Result<Vec<Part>> {
    let text = field.text()?;
    if text.contains('\0') {
        return Err(field.refuse("a word of a command cannot hold a zero byte"));
    }
    let mut parts = Vec::new();
    let mut said = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        let (before, brace) = rest.split_at(at);
        said.push_str(before);
        if let Some(after) = brace.strip_prefix("{{").or_else(|| brace.strip_prefix("}}")) {
            said.push_str(&brace[..1]);
            rest = after;
            continue;
        }
        let (name, after) =
            brace.strip_prefix('{').and_then(|inner| inner.split_once('}')).ok_or_else(|| {
                let lone = field.refuse(format!("a brace of `{text}` has no other"));
                lone.help("write a brace that is no slot twice")
            })?;
        if !said.is_empty() {
            parts.push(Part::Text(std::mem::take(&mut said)));
        }
        parts.push(Part::Slot(slot(field, name)?));
        rest = after;
    }
    said.push_str(rest);
    if !said.is_empty() {
        parts.push(Part::Text(said));
    }
    Ok(parts)
}

fn slot(field: &Field<'_>, name: &str) -> Result<Slot> {
    let found = SLOTS.iter().find(|(known, _)| *known == name).map(|(_, slot)| *slot);
    found.ok_or_else(|| {
        field
            .refuse(format!("there is no slot `{{{name}}}`"))
            .help(advice(name, SLOTS.iter().map(|(name, _)| *name)))
    })
}

/// A text that stands on one line and does nothing to the terminal that shows it.
fn line(field: &Field<'_>) -> Result<String> {
    let text = field.text()?;
    if text.trim().is_empty() || text.len() > 500 || one_line(text) != text {
        let message =
            format!("`{}` should be one line of at most 500 bytes, without control characters", field.key);
        return Err(field.refuse(message));
    }
    Ok(text.to_owned())
}

/// The items of a list, if there is one and there are not too many.
fn bounded<T>(field: &Field<'_>, items: Vec<T>, items_max: usize) -> Result<Vec<T>> {
    match items.len() {
        0 => Err(field.refuse(format!("`{}` is empty", field.key))),
        count if count > items_max => {
            Err(field.refuse(format!("`{}` has {count} items, and may have {items_max}", field.key)))
        }
        _ => Ok(items),
    }
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use super::*;

    /// What is said of a text, with the part of it that is meant.
    fn refused(text: &str) -> String {
        let whole = format!("name = \"kept\"\nstart = [\"server\"]\nadapter = [\"client\"]\n{text}");
        let error = OwnStore::parse(&whole).expect_err("it cannot be used");
        format!("{} | {error}", &whole[error.span.clone()])
    }

    fn span(range: Range<usize>, text: &str) -> &str {
        &text[range]
    }

    #[test]
    fn each_thing_that_cannot_be_used_is_refused_at_its_place() {
        let table = [
            ("modse = []", "modse | unknown key `modse` in the file (did you mean `modes`?)"),
            ("fresh = \"server\"", "\"server\" | `server` is no value of `fresh` (did you mean `servers`?)"),
            ("ports = [0]", "0 | `ports` should be ports from 1 to 65535"),
            (
                "ready_within = \"1000s\"",
                "\"1000s\" | `1000s` is not a time such as \"20s\", of at most 600s",
            ),
            (
                "prepare = [\"init\", \"{adress}\"]",
                "\"{adress}\" | there is no slot `{adress}` (did you mean `address`?)",
            ),
            (
                "prepare = [\"init\", \"{address\"]",
                "\"{address\" | a brace of `{address` has no other (write a brace that is no slot twice)",
            ),
            ("prepare = [\"\"]", "[\"\"] | a command of `prepare` begins with nothing"),
            ("prepare = [[\"a\"], \"b\"]", "[\"a\"] | `prepare` should be a text in quotes, not an array"),
            (
                "[[modes]]\nname = \"a\"\nsays = \"b\"\nmodel = \"linearisable\"",
                "\"linearisable\" | no consistency model is called `linearisable` (did you mean `linearizable`?)",
            ),
            (
                "[[modes]]\nname = \"a\"\nsays = \"b\"\n[[modes]]\nname = \"a\"\nsays = \"c\"",
                "\"a\" | mode `a` is described twice",
            ),
            (
                "[[sites]]\nstart = [\"a\"]",
                "[\"server\"] | `start` stands both for all sites and under `[[sites]]` (say it at each site, or leave \
                 `[[sites]]` out)",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(refused(text), expected, "{text}");
        }
        let two =
            "name = \"kept\"\nadapter = [\"a\"]\n[[sites]]\nstart = [\"b\"]\n[[sites]]\nstart = [\"c\"]\n";
        let error = OwnStore::parse(two).expect_err("there are three sites");
        assert_eq!(error.to_string(), "there are 3 sites, and 2 are described");
        let without = "name = \"kept\"\nadapter = [\"a\"]\n";
        let error = OwnStore::parse(without).expect_err("nothing starts");
        assert_eq!(
            (span(error.span.clone(), without), &*error.to_string()),
            ("", "`start` is missing in the file")
        );
    }
}
