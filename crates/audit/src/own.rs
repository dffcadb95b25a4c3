//! What a user says of functions of their own: `[[audit.remote]]` in `constellation.toml`.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;

use toml::de::{DeTable, DeValue};

use crate::knowledge::{Act, Knowledge};
use crate::scope::Scope;

/// Functions and methods that ask another machine, of libraries that the audit does not know.
#[derive(Clone, Debug, Default)]
pub struct Own {
    remotes: Vec<Remote>,
}

#[derive(Clone, Debug, Default)]
struct Remote {
    /// Functions, by their full path.
    paths: Vec<String>,
    /// Types, of which `names` are methods.
    on: Vec<String>,
    names: Vec<String>,
    act: Act,
}

/// What is wrong with the text.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct OwnError {
    /// What is wrong, lower case, with the value inside.
    pub message: String,
    /// Where, in bytes.
    pub span: Range<usize>,
    /// What to do; empty for nothing.
    pub help: String,
}

impl fmt::Display for OwnError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for OwnError {}

impl Own {
    /// Reads `constellation.toml`. In each `[[audit.remote]]` is either `path`, full paths of functions, or `on` and `name`,
    /// full paths of types and names of their methods; each one text or a list. `kind` is one of `connect`, `request` (the
    /// default), `query`, `publish`, `send`, `receive`; `timeout` is `none` if nothing ends it, `system` if the operating
    /// system does after minutes, and left out if it ends by itself.
    ///
    /// # Errors
    ///
    /// The first thing that is not so, and where.
    pub fn parse(text: &str) -> Result<Own, OwnError> {
        let file = DeTable::parse(text).map_err(|error| {
            let end = error.span().map_or(0..0, |span| span.start.min(text.len())..span.end.min(text.len()));
            wrong(error.message().to_lowercase().replace('\n', " "), end, "")
        })?;
        let mut own = Own::default();
        for (key, value) in file.get_ref() {
            let DeValue::Table(table) = value.get_ref() else {
                return Err(unknown(key.get_ref(), key.span(), &["audit"]));
            };
            if key.get_ref() != "audit" {
                return Err(unknown(key.get_ref(), key.span(), &["audit"]));
            }
            for (key, value) in table {
                if key.get_ref() != "remote" {
                    return Err(unknown(key.get_ref(), key.span(), &["remote"]));
                }
                let entries = match value.get_ref() {
                    DeValue::Array(entries) => entries,
                    _ => {
                        return Err(wrong(
                            "`remote` is no list".to_owned(),
                            value.span(),
                            "write `[[audit.remote]]`",
                        ));
                    }
                };
                for entry in entries.iter() {
                    let DeValue::Table(table) = entry.get_ref() else {
                        return Err(wrong(
                            "this is no table".to_owned(),
                            entry.span(),
                            "write `[[audit.remote]]`",
                        ));
                    };
                    own.remotes.push(Remote::read(table, entry.span())?);
                }
            }
        }
        Ok(own)
    }

    /// How many functions and methods are named.
    pub fn count(&self) -> usize {
        self.remotes.iter().map(|remote| remote.paths.len() + remote.on.len() * remote.names.len()).sum()
    }

    /// What is named and not called, in the order in which it is named.
    pub(crate) fn unmatched(&self, called: &Called) -> Vec<Unmatched> {
        let missing = |name: String, called: &BTreeSet<String>| {
            let alike = alike(&name, called);
            (!called.contains(&name)).then_some(Unmatched { name, alike })
        };
        let of = |Remote { paths, on, names, .. }: &Remote| -> Vec<Unmatched> {
            let functions = paths.iter().filter_map(|path| missing(path.clone(), &called.functions));
            let methods = on.iter().flat_map(|on| names.iter().map(move |name| format!("{on}::{name}")));
            functions.chain(methods.filter_map(|name| missing(name, &called.methods))).collect()
        };
        self.remotes.iter().flat_map(of).collect()
    }

    pub(crate) fn teach(&self, knowledge: &mut Knowledge) {
        for Remote { paths, on, names, act } in &self.remotes {
            paths.iter().for_each(|path| knowledge.add_function(path, act));
            names.iter().for_each(|name| knowledge.add_method(name, on, act));
        }
    }
}

/// A function or a method that was named, and that nothing in what was audited calls.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub struct Unmatched {
    /// As it is named; of a method its type, and its name.
    pub name: String,
    /// What is called that differs from it in its first pieces alone, and may be meant.
    pub alike: Option<String>,
}

impl fmt::Display for Unmatched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}`", self.name)?;
        self.alike.iter().try_for_each(|alike| write!(f, ": is `{alike}` meant?"))
    }
}

/// What is called that bears the name of something of the user's own, by full path.
#[derive(Default)]
pub(crate) struct Called {
    functions: BTreeSet<String>,
    methods: BTreeSet<String>,
}

impl Called {
    pub(crate) fn hear_function(&mut self, path: &str, knowledge: &Knowledge) {
        if knowledge.is_own_name(path) {
            self.functions.insert(path.to_owned());
        }
    }

    pub(crate) fn hear_method(&mut self, call: &syn::ExprMethodCall, scope: &Scope<'_>) {
        let name = call.method.to_string();
        if scope.knowledge.is_own_method(&name)
            && let Some(owner) = scope.type_of(&call.receiver)
        {
            self.methods.insert(format!("{}::{name}", owner.path));
        }
    }

    pub(crate) fn append(&mut self, mut other: Called) {
        self.functions.append(&mut other.functions);
        self.methods.append(&mut other.methods);
    }
}

/// The first that ends in the same two pieces: of another crate, or in another module.
fn alike(name: &str, called: &BTreeSet<String>) -> Option<String> {
    let end = |path: &str| path.rsplitn(3, "::").take(2).map(str::to_owned).collect::<Vec<_>>();
    let wanted = end(name);
    called.iter().find(|path| end(path) == wanted).cloned()
}

impl Remote {
    fn read(table: &DeTable<'_>, whole: Range<usize>) -> Result<Remote, OwnError> {
        let mut remote = Remote::default();
        "request".clone_into(&mut remote.act.kind);
        remote.act.is_own = true;
        for (key, value) in table {
            let texts = texts(key.get_ref(), value.get_ref(), value.span())?;
            match &**key.get_ref() {
                "path" => remote.paths = full_paths(texts)?,
                "on" => remote.on = full_paths(texts)?,
                "name" => remote.names = texts.into_iter().map(name).collect::<Result<_, _>>()?,
                "kind" => remote.act.kind = one_of(&Act::REMOTE, texts, value.span())?,
                "timeout" => remote.act.timeout = one_of(&Act::ENDLESS, texts, value.span())?,
                other => return Err(unknown(other, key.span(), &["path", "on", "name", "kind", "timeout"])),
            }
        }
        let is_method = !remote.on.is_empty() && !remote.names.is_empty();
        let is_half = remote.on.is_empty() != remote.names.is_empty();
        if is_half || (remote.paths.is_empty() && !is_method) {
            return Err(wrong(
                "this names no function".to_owned(),
                whole,
                "give `path`, a full path such as `rpc::call`, or both `on`, a type, and `name`, a method of it",
            ));
        }
        Ok(remote)
    }
}

type Text = (String, Range<usize>);

fn texts(key: &str, value: &DeValue<'_>, span: Range<usize>) -> Result<Vec<Text>, OwnError> {
    let no_text = |span| wrong(format!("`{key}` is a text, or a list of texts"), span, "");
    match value {
        DeValue::String(text) => Ok(vec![(text.clone().into_owned(), span)]),
        DeValue::Array(texts) if !texts.is_empty() => {
            let text = |text: &toml::Spanned<DeValue<'_>>| match text.get_ref() {
                DeValue::String(inner) => Ok((inner.clone().into_owned(), text.span())),
                _ => Err(no_text(text.span())),
            };
            texts.iter().map(text).collect()
        }
        _ => Err(no_text(span)),
    }
}

fn full_paths(texts: Vec<Text>) -> Result<Vec<String>, OwnError> {
    let full = |(path, span): Text| {
        let pieces: Vec<&str> = path.split("::").collect();
        if pieces.len() >= 2 && pieces.iter().all(|piece| is_name(piece)) {
            return Ok(path);
        }
        let help = "write it with its crate, such as `rpc::Client::call`, or with `crate::` if it is in the audited one";
        Err(wrong(format!("`{path}` is no full path"), span, help))
    };
    texts.into_iter().map(full).collect()
}

fn name((name, span): Text) -> Result<String, OwnError> {
    if is_name(&name) {
        return Ok(name);
    }
    Err(wrong(format!("`{name}` is no name of a method"), span, "write it without its type and without `()`"))
}

fn is_name(text: &str) -> bool {
    !text.starts_with(|letter: char| letter.is_ascii_digit())
        && !text.is_empty()
        && text.chars().all(|letter| letter == '_' || letter.is_alphanumeric())
}

fn one_of(known: &[&str], texts: Vec<Text>, span: Range<usize>) -> Result<String, OwnError> {
    match &texts[..] {
        [(text, _)] if known.contains(&&**text) => Ok(text.clone()),
        [(text, span)] => Err(wrong(format!("`{text}` is unknown"), span.clone(), &choice(known))),
        _ => Err(wrong("this is one text".to_owned(), span, &choice(known))),
    }
}

fn unknown(key: &str, span: Range<usize>, known: &[&str]) -> OwnError {
    wrong(format!("`{key}` is unknown here"), span, &choice(known))
}

fn choice(known: &[&str]) -> String {
    match known {
        [one] => format!("only `{one}` may stand here"),
        _ => {
            format!("one of {}", known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", "))
        }
    }
}

fn wrong(message: String, span: Range<usize>, help: &str) -> OwnError {
    OwnError { message, span, help: help.to_owned() }
}
