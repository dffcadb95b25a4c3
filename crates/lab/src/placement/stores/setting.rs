//! The settings of a store as a text: `sync=all,reads=anywhere`.

use std::fmt;
use std::time::Duration;

use constellation_trace::ids::nearest;

use super::OF_ALL;

/// One thing that can be set.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Setting {
    /// What it is called.
    pub key: &'static str,
    /// What it may be; the first where nothing is said.
    pub values: &'static [&'static str],
    /// What it says, without a full stop.
    pub says: &'static str,
}

/// Why a text names no store, or sets it to nothing that it can be.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum SettingError {
    /// There is no such store.
    Store {
        /// What was named.
        name: String,
        /// Those that there are.
        known: Vec<&'static str>,
    },
    /// It has no such setting.
    Key {
        /// Of which store.
        store: &'static str,
        /// What was named.
        key: String,
        /// Those that it has.
        known: Vec<&'static str>,
    },
    /// A setting without a value, or two of one name.
    Form {
        /// Of which store.
        store: &'static str,
        /// What stands there.
        found: String,
        /// What is wrong with it.
        wrong: &'static str,
    },
    /// It cannot be that.
    Value {
        /// Of which store.
        store: &'static str,
        /// Which setting.
        key: &'static str,
        /// What it was to be.
        value: String,
        /// What it may be.
        known: Vec<String>,
        /// Why no more than that, where something else is set that limits it.
        because: Option<String>,
    },
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SettingError::Store { name, known } => {
                write!(f, "there is no store \"{name}\"{}", Meant(name, known))
            }
            SettingError::Key { store, key, known } => {
                write!(f, "store {store} has no setting \"{key}\"{}", Meant(key, known))
            }
            SettingError::Form { store, found, wrong } => {
                write!(f, "store {store}: \"{found}\" {wrong}")
            }
            SettingError::Value { store, key, value, known, because } => {
                write!(f, "store {store}: {key} cannot be \"{value}\", only {}", known.join(", "))?;
                because.as_ref().map_or(Ok(()), |because| write!(f, ", because {because}"))
            }
        }
    }
}

impl std::error::Error for SettingError {}

/// What was likely meant, or what there is.
struct Meant<'a>(&'a str, &'a [&'static str]);

impl fmt::Display for Meant<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match nearest(self.0, self.1.iter().copied()) {
            Some(near) => write!(f, "; did you mean {near}?"),
            None => write!(f, "; there are {}", self.1.join(", ")),
        }
    }
}

/// What a setting may be, of a table that also says what each means.
pub(super) const fn names<T: Copy, const COUNT: usize>(
    known: &[(&'static str, T); COUNT],
) -> [&'static str; COUNT] {
    let mut names = [""; COUNT];
    let mut nth = 0;
    while nth < COUNT {
        names[nth] = known[nth].0;
        nth += 1;
    }
    names
}

/// What means this, of such a table.
pub(super) fn name_of<T: PartialEq>(known: &[(&'static str, T)], value: &T) -> &'static str {
    let found = known.iter().find(|(_, meant)| meant == value);
    found.expect("a table has all that may be meant").0
}

/// What is set in a text, by name.
#[derive(Clone, Debug)]
pub(super) struct Given<'a> {
    store: &'static str,
    settings: &'static [Setting],
    /// How many sites there are.
    pub(super) sites: u32,
    pairs: Vec<(&'a str, &'a str)>,
}

impl<'a> Given<'a> {
    /// `text` is what stands behind the name of the store, without the colon.
    pub(super) fn parse(
        store: &'static str,
        settings: &'static [Setting],
        text: &'a str,
    ) -> Result<Given<'a>, SettingError> {
        let mut pairs: Vec<(&str, &str)> = Vec::new();
        for found in text.split(',').map(str::trim).filter(|_| !text.trim().is_empty()) {
            let form = |wrong| SettingError::Form { store, found: found.to_owned(), wrong };
            let (key, value) =
                found.split_once('=').ok_or_else(|| form("is not of the form setting=value"))?;
            let (key, value) = (key.trim(), value.trim());
            let all = || settings.iter().chain([&OF_ALL]);
            if !all().any(|setting| setting.key == key) {
                let known = all().map(|setting| setting.key).collect();
                return Err(SettingError::Key { store, key: key.to_owned(), known });
            }
            if value.contains([';', '=']) {
                return Err(form("is more than one setting; put a comma between two"));
            }
            if pairs.iter().any(|(other, _)| *other == key) {
                return Err(form("sets it twice"));
            }
            pairs.push((key, value));
        }
        let mut given = Given { store, settings, sites: 0, pairs };
        given.sites = given.number(OF_ALL.key)?;
        Ok(given)
    }

    /// What the value of a setting means, by the table that its values are from.
    pub(super) fn one_of<T: Copy>(
        &self,
        key: &'static str,
        known: &[(&'static str, T)],
    ) -> Result<T, SettingError> {
        Ok(known[self.choice(key)?].1)
    }

    /// Which of the values of a setting, counted from 0.
    fn choice(&self, key: &'static str) -> Result<usize, SettingError> {
        let setting = self.setting(key);
        let Some(value) = self.value(key) else { return Ok(0) };
        setting
            .values
            .iter()
            .position(|known| *known == value)
            .ok_or_else(|| self.wrong(key, value, setting.values.iter().map(|known| (*known).to_owned())))
    }

    /// A number, which is one of the values of a setting.
    pub(super) fn number(&self, key: &'static str) -> Result<u32, SettingError> {
        let value = self.setting(key).values[self.choice(key)?];
        Ok(value.parse().expect("the values of this setting are numbers"))
    }

    /// A time, which is one of the values of a setting, in milliseconds.
    pub(super) fn duration(&self, key: &'static str) -> Result<Duration, SettingError> {
        let value = self.setting(key).values[self.choice(key)?];
        let ms = value.strip_suffix("ms").and_then(|ms| ms.parse().ok());
        Ok(Duration::from_millis(ms.expect("the values of this setting are milliseconds")))
    }

    /// A number from 1 to another, which is the most for this reason.
    pub(super) fn number_to(
        &self,
        key: &'static str,
        most: u32,
        because: impl Into<String>,
    ) -> Result<u32, SettingError> {
        if let Ok(number) = self.number(key)
            && number <= most
        {
            return Ok(number);
        }
        let (value, because) = match self.value(key) {
            Some(value) => (value, because.into()),
            None => {
                let value = self.setting(key).values[0];
                (value, format!("{}, and {key} is {value} unless it is set", because.into()))
            }
        };
        let mut wrong = self.wrong(key, value, (1..=most).map(|number| number.to_string()));
        if let SettingError::Value { because: reason, .. } = &mut wrong {
            *reason = Some(because);
        }
        Err(wrong)
    }

    fn value(&self, key: &str) -> Option<&'a str> {
        self.pairs.iter().find(|(other, _)| *other == key).map(|(_, value)| *value)
    }

    fn setting(&self, key: &'static str) -> &'static Setting {
        let mut all = self.settings.iter().chain([&OF_ALL]);
        all.find(|setting| setting.key == key).expect("a store asks for its own settings")
    }

    fn wrong(&self, key: &'static str, value: &str, known: impl IntoIterator<Item = String>) -> SettingError {
        let known = known.into_iter().collect();
        SettingError::Value { store: self.store, key, value: value.to_owned(), known, because: None }
    }
}
