//! What is known of libraries: which calls leave the machine, what they give back, and which of them has a limit.
//!
//! It is data: one file a library in `libraries/`, read once. `libraries/README.md` says what each key means.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use toml::de::{DeTable, DeValue};

/// The files, each with its name.
const FILES: [(&str, &str); 3] = [
    ("std", include_str!("../libraries/std.toml")),
    ("tokio", include_str!("../libraries/tokio.toml")),
    ("reqwest", include_str!("../libraries/reqwest.toml")),
];

/// All that is known.
#[derive(Debug, Default)]
pub(crate) struct Knowledge {
    types: BTreeMap<String, Thing>,
    functions: BTreeMap<String, Act>,
    /// By name, and for each the types that have it.
    methods: BTreeMap<String, Vec<(String, Act)>>,
    /// Other paths to one thing.
    same: BTreeMap<String, String>,
    /// All paths and the modules that they are in.
    paths: BTreeSet<String>,
}

/// What a type is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Thing {
    /// `socket`, `listener`, `buffered`, `client`, `builder`, `lock`, `wall`, `monotonic` and the like.
    pub(crate) kind: String,
    /// Of a client and its builder: which methods end a request that takes too long.
    pub(crate) limits: Vec<String>,
}

/// What a function or a method does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Act {
    /// `connect`, `client`, `request`, `query`, `publish`, `send`, `receive`, `length`, `bind`, `now`, `limit` and the like.
    pub(crate) kind: String,
    /// `none` where nothing ends it, `system` where the operating system does after minutes.
    pub(crate) timeout: String,
    /// What it gives back, waited for and without its error; several of a tuple.
    pub(crate) returns: Vec<String>,
    /// Which of its arguments it gives back.
    pub(crate) returns_argument: Option<usize>,
}

impl Act {
    /// Whether another machine is asked, and what it says waited for.
    pub(crate) fn is_remote(&self) -> bool {
        matches!(&*self.kind, "connect" | "request" | "query" | "publish" | "send" | "receive")
    }
}

impl Knowledge {
    /// What ships with this crate.
    pub(crate) fn shipped() -> &'static Knowledge {
        static SHIPPED: OnceLock<Knowledge> = OnceLock::new();
        SHIPPED.get_or_init(|| {
            let mut knowledge = Knowledge::default();
            for (name, text) in FILES {
                let read = knowledge.read(text);
                read.unwrap_or_else(|error| panic!("libraries/{name}.toml is ours and wrong: {error}"));
            }
            knowledge
        })
    }

    /// The one path of what may have several.
    pub(crate) fn canonical(&self, path: String) -> String {
        let path = match path.split_once("::") {
            Some(("core" | "alloc", rest)) => format!("std::{rest}"),
            _ => path,
        };
        if let Some(same) = self.same.get(&path) {
            return same.clone();
        }
        // A function of a type that has several paths.
        match path.rsplit_once("::").and_then(|(owner, name)| Some((self.same.get(owner)?, name))) {
            Some((owner, name)) => format!("{owner}::{name}"),
            None => path,
        }
    }

    /// Whether there is such a path, so that a glob may have brought it.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths.contains(path)
    }

    pub(crate) fn function(&self, path: &str) -> Option<&Act> {
        self.functions.get(path)
    }

    pub(crate) fn thing(&self, path: &str) -> Option<&Thing> {
        self.types.get(path)
    }

    /// Whether a type is of this kind.
    pub(crate) fn is(&self, path: &str, kind: &str) -> bool {
        self.types.get(path).is_some_and(|thing| thing.kind == kind)
    }

    /// What a method does, on this type or on any.
    pub(crate) fn method(&self, on: Option<&str>, name: &str) -> Option<&Act> {
        let known = self.methods.get(name)?;
        let exact = known.iter().find(|(owner, _)| Some(&**owner) == on);
        exact.or_else(|| known.iter().find(|(owner, _)| owner == "*")).map(|(_, act)| act)
    }

    fn read(&mut self, text: &str) -> Result<(), String> {
        let file = DeTable::parse(text).map_err(|error| error.to_string())?;
        for (key, value) in file.get_ref() {
            let key: &str = key.get_ref();
            match value.get_ref() {
                DeValue::String(_) if matches!(key, "name" | "version") => {}
                DeValue::Array(entries) => {
                    for entry in entries.iter() {
                        let DeValue::Table(table) = entry.get_ref() else {
                            return Err(format!("{key}: not a table"));
                        };
                        self.read_entry(key, &Entry::of(table)?)?;
                    }
                }
                _ => return Err(format!("{key}: unknown")),
            }
        }
        Ok(())
    }

    fn read_entry(&mut self, key: &str, entry: &Entry) -> Result<(), String> {
        match key {
            "type" => {
                let thing = Thing { kind: entry.one("kind"), limits: entry.all("limits") };
                for path in entry.all("path") {
                    self.learn(&path);
                    self.types.insert(path, thing.clone());
                }
            }
            "function" => {
                for path in entry.all("path") {
                    self.learn(&path);
                    self.functions.insert(path, entry.act()?);
                }
            }
            "method" => {
                for name in entry.all("name") {
                    let known = self.methods.entry(name).or_default();
                    for on in entry.all("on") {
                        known.push((on, entry.act()?));
                    }
                }
            }
            "same" => {
                let is = entry.one("is");
                for path in entry.all("path") {
                    self.learn(&path);
                    self.same.insert(path, is.clone());
                }
            }
            _ => return Err(format!("[[{key}]]: unknown")),
        }
        Ok(())
    }

    fn learn(&mut self, path: &str) {
        let mut rest = path;
        self.paths.insert(rest.to_owned());
        while let Some((module, _)) = rest.rsplit_once("::") {
            self.paths.insert(module.to_owned());
            rest = module;
        }
    }
}

/// One table of a file: each key with its texts.
struct Entry {
    values: BTreeMap<String, Vec<String>>,
}

const KEYS: [&str; 9] =
    ["path", "kind", "limits", "on", "name", "is", "timeout", "returns", "returns_argument"];

impl Entry {
    fn of(table: &DeTable<'_>) -> Result<Entry, String> {
        let mut values = BTreeMap::new();
        for (key, value) in table {
            let key: &str = key.get_ref();
            if !KEYS.contains(&key) {
                return Err(format!("{key}: unknown"));
            }
            let texts = match value.get_ref() {
                DeValue::String(text) => vec![text.clone().into_owned()],
                DeValue::Integer(number) => vec![number.as_str().to_owned()],
                DeValue::Array(texts) => {
                    texts.iter().filter_map(|text| text.get_ref().as_str().map(str::to_owned)).collect()
                }
                _ => return Err(format!("{key}: a text, or a list of texts")),
            };
            values.insert(key.to_owned(), texts);
        }
        Ok(Entry { values })
    }

    fn all(&self, key: &str) -> Vec<String> {
        self.values.get(key).cloned().unwrap_or_default()
    }

    fn one(&self, key: &str) -> String {
        self.all(key).into_iter().next().unwrap_or_default()
    }

    fn act(&self) -> Result<Act, String> {
        let argument = self.one("returns_argument");
        let argument = if argument.is_empty() { None } else { Some(argument) };
        let returns_argument = argument.map(|text| text.parse().map_err(|_| format!("{text}: a number")));
        Ok(Act {
            kind: self.one("kind"),
            timeout: self.one("timeout"),
            returns: self.all("returns"),
            returns_argument: returns_argument.transpose()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Knowledge;

    #[test]
    fn what_ships_can_be_read() {
        let knowledge = Knowledge::shipped();
        assert!(knowledge.is("tokio::net::TcpStream", "socket"));
        assert_eq!(
            knowledge.canonical("core::time::Duration".to_owned()),
            "std::time::Duration",
            "core and std are one"
        );
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused() {
        let told = |text: &str| Knowledge::default().read(text).expect_err("it is wrong");
        assert_eq!(told("[[type]]\npth = \"a::B\""), "pth: unknown");
        assert_eq!(told("[[typ]]\npath = \"a::B\""), "[[typ]]: unknown");
    }
}
