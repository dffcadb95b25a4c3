//! What is known of libraries: which calls leave the machine, what they give back, and which of them has a limit.
//!
//! It is data: one file a library in `libraries/`, read once. `libraries/README.md` says what each key means.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use crate::locks::{Version, Versions, parse};

/// The files, each with its name.
const FILES: [(&str, &str); 15] = [
    ("std", include_str!("../libraries/std.toml")),
    ("tokio", include_str!("../libraries/tokio.toml")),
    ("reqwest", include_str!("../libraries/reqwest.toml")),
    ("hyper", include_str!("../libraries/hyper.toml")),
    ("tonic", include_str!("../libraries/tonic.toml")),
    ("axum", include_str!("../libraries/axum.toml")),
    ("redis", include_str!("../libraries/redis.toml")),
    ("sqlx", include_str!("../libraries/sqlx.toml")),
    ("tokio-postgres", include_str!("../libraries/tokio-postgres.toml")),
    ("async-nats", include_str!("../libraries/async-nats.toml")),
    ("rdkafka", include_str!("../libraries/rdkafka.toml")),
    ("tungstenite", include_str!("../libraries/tungstenite.toml")),
    ("quinn", include_str!("../libraries/quinn.toml")),
    ("chrono", include_str!("../libraries/chrono.toml")),
    ("time", include_str!("../libraries/time.toml")),
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
    /// The last pieces of the paths of functions that a user named.
    own_names: BTreeSet<String>,
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
    /// Whether a user says so, of a function of their own.
    pub(crate) is_own: bool,
}

impl Act {
    /// The kinds that ask another machine and wait for what it says.
    pub(crate) const REMOTE: [&str; 6] = ["connect", "request", "query", "publish", "send", "receive"];

    /// What `timeout` is where nothing ends it, or only the operating system after minutes.
    pub(crate) const ENDLESS: [&str; 2] = ["none", "system"];

    /// Whether another machine is asked, and what it says waited for.
    pub(crate) fn is_remote(&self) -> bool {
        Act::REMOTE.contains(&&*self.kind)
    }

    /// Whether it is of one of these kinds, or is remote because a user says so: who names a function means it to count,
    /// whatever kind it is of.
    pub(crate) fn is_own_or(&self, kinds: &[&str]) -> bool {
        (self.is_own && self.is_remote()) || kinds.contains(&&*self.kind)
    }
}

impl Knowledge {
    /// What ships with this crate, of libraries in these versions; of one that is not among them, in the version that was
    /// read.
    pub(crate) fn of(versions: &Versions) -> Knowledge {
        let mut knowledge = Knowledge::default();
        for (name, text) in FILES {
            let read = knowledge.read(text, versions);
            read.unwrap_or_else(|error| panic!("libraries/{name}.toml is ours and wrong: {error}"));
        }
        knowledge
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

    /// One more function, in place of what was known of it.
    pub(crate) fn add_function(&mut self, path: &str, act: &Act) {
        self.learn(path);
        self.own_names.insert(last(path).to_owned());
        self.functions.insert(path.to_owned(), act.clone());
    }

    /// One more method of these types, before all that are known of other types.
    pub(crate) fn add_method(&mut self, name: &str, on: &[String], act: &Act) {
        on.iter().for_each(|path| self.learn(path));
        let known = self.methods.entry(name.to_owned()).or_default();
        known.splice(0..0, on.iter().map(|on| (on.clone(), act.clone())));
    }

    /// The functions that nothing ends, or only the operating system after minutes, each with its kind.
    pub(crate) fn endless(&self) -> impl Iterator<Item = (&str, &str)> {
        let is_endless = |act: &Act| Act::ENDLESS.contains(&&*act.timeout);
        self.functions.iter().filter(move |(_, act)| is_endless(act)).map(|(path, act)| (&**path, &*act.kind))
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

    /// Whether a user named a function that is called so, in whatever module.
    pub(crate) fn is_own_name(&self, path: &str) -> bool {
        self.own_names.contains(last(path))
    }

    /// Whether a user says something of a method that is called so, of whatever type.
    pub(crate) fn is_own_method(&self, name: &str) -> bool {
        self.methods.get(name).is_some_and(|known| known.iter().any(|(_, act)| act.is_own))
    }

    fn read(&mut self, text: &str, versions: &Versions) -> Result<(), String> {
        let file = DeTable::parse(text).map_err(|error| error.to_string())?;
        let file = file.get_ref();
        let said = |key: &str| file.get(key).and_then(|value| value.get_ref().as_str()).unwrap_or_default();
        let used = versions.get(said("name")).copied().unwrap_or_else(|| parse(said("version")));
        for (key, value) in file {
            let key: &str = key.get_ref();
            match value.get_ref() {
                DeValue::String(_) if matches!(key, "name" | "version") => {}
                DeValue::Array(entries) => {
                    for entry in entries.iter() {
                        let DeValue::Table(table) = entry.get_ref() else {
                            return Err(format!("{key}: not a table"));
                        };
                        let entry = Entry::of(table)?;
                        if entry.is_of(used) {
                            self.read_entry(key, &entry)?;
                        }
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

fn last(path: &str) -> &str {
    path.rsplit_once("::").map_or(path, |(_, name)| name)
}

/// One table of a file: each key with its texts.
struct Entry {
    values: BTreeMap<String, Vec<String>>,
}

const KEYS: [&str; 11] = [
    "path",
    "kind",
    "limits",
    "on",
    "name",
    "is",
    "timeout",
    "returns",
    "returns_argument",
    "since",
    "until",
];

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

    /// Whether it holds in this version: from `since` on, and before `until`.
    fn is_of(&self, used: Version) -> bool {
        let bound = |key| self.values.get(key).and_then(|texts| texts.first()).map(|text| parse(text));
        bound("since").is_none_or(|since| since <= used) && bound("until").is_none_or(|until| used < until)
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
            is_own: false,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Knowledge, Versions};

    #[test]
    fn what_ships_can_be_read() {
        let knowledge = Knowledge::of(&Versions::new());
        assert!(knowledge.is("tokio::net::TcpStream", "socket"));
        assert_eq!(
            knowledge.canonical("core::time::Duration".to_owned()),
            "std::time::Duration",
            "core and std are one"
        );
    }

    #[test]
    fn redis_ends_what_takes_too_long_from_its_first_version_on() {
        let timeout = |used: &[(&str, [u64; 3])]| {
            let versions = used.iter().map(|(name, version)| ((*name).to_owned(), *version)).collect();
            let knowledge = Knowledge::of(&versions);
            let act = knowledge.method(Some("redis::Client"), "get_multiplexed_async_connection");
            act.map(|act| act.timeout.clone())
        };
        assert_eq!(timeout(&[("redis", [0, 27, 6])]).as_deref(), Some("none"));
        assert_eq!(timeout(&[("redis", [1, 8, 1])]).as_deref(), Some(""));
        assert_eq!(timeout(&[]).as_deref(), Some(""));
    }

    #[test]
    fn a_key_that_nobody_knows_is_refused() {
        let told = |text: &str| Knowledge::default().read(text, &Versions::new()).expect_err("it is wrong");
        assert_eq!(told("[[type]]\npth = \"a::B\""), "pth: unknown");
        assert_eq!(told("[[typ]]\npath = \"a::B\""), "[[typ]]: unknown");
    }

    #[test]
    fn what_holds_depends_on_the_version_that_is_used() {
        let text = "name = \"a\"\nversion = \"1.8\"\n[[function]]\npath = \"a::open\"\nkind = \"connect\"\ntimeout = \"none\"\n\
                    until = \"1.0\"\n[[function]]\npath = \"a::open\"\nkind = \"connect\"\nsince = \"1.0\"\n";
        let timeout = |used: &[(&str, [u64; 3])]| {
            let versions = used.iter().map(|(name, version)| ((*name).to_owned(), *version)).collect();
            let mut knowledge = Knowledge::default();
            knowledge.read(text, &versions).expect("it is right");
            knowledge.function("a::open").map(|act| act.timeout.clone())
        };
        assert_eq!(timeout(&[("a", [0, 27, 6])]).as_deref(), Some("none"));
        assert_eq!(timeout(&[("a", [1, 0, 0])]).as_deref(), Some(""));
        assert_eq!(
            timeout(&[("b", [0, 1, 0])]).as_deref(),
            Some(""),
            "of one that is not in the lock, as it was read"
        );
    }
}
