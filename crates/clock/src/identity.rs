//! Who owns an entry of a clock: a name, and which life of the node that bears it.

use alloc::string::String;
use alloc::sync::Arc;
use core::cmp;
use core::fmt;

use crate::error::Error;

/// A node's name together with its incarnation: a node that lost its memory comes back as somebody else.
///
/// The text *is* the identity: `pacific` is the first life, incarnation 0; `pacific#2` is incarnation 2. What follows
/// the last `#` is an incarnation if it is the canonical decimal of a non-zero `u32`; any other text is a plain name.
/// So every text is exactly one identity, and identities compare, sort and hash as their text does.
///
/// Cloning is cheap: the text is shared.
///
/// ```
/// use constellation_clock::Identity;
///
/// let reborn = Identity::new("pacific", 2)?;
/// assert_eq!(reborn.as_str(), "pacific#2");
/// assert_eq!((reborn.name(), reborn.incarnation()), ("pacific", 2));
/// assert_eq!(reborn.next_incarnation()?.as_str(), "pacific#3");
///
/// // The trap: a name that would be read as somebody's later life is refused.
/// assert!(Identity::new("pacific#2", 0).is_err());
/// // These look similar, but are plain names: leading zero, zero, more than a u32.
/// for text in ["pacific#02", "pacific#0", "pacific#4294967296", "pacific#"] {
///     assert_eq!(Identity::from(text).incarnation(), 0);
/// }
/// # Ok::<(), constellation_clock::Error>(())
/// ```
#[derive(Clone)]
pub struct Identity(Arc<str>);

impl Identity {
    /// The identity of the node called `name` in its life number `incarnation`, counted from 0.
    ///
    /// # Errors
    /// [`Error::AmbiguousName`] when incarnation 0 of this name would read as a later life of another name.
    pub fn new(name: &str, incarnation: u32) -> Result<Identity, Error> {
        let identity = if incarnation == 0 {
            Identity(Arc::from(name))
        } else {
            Identity(Arc::from(alloc::format!("{name}#{incarnation}")))
        };
        if identity.incarnation() != incarnation {
            return Err(Error::AmbiguousName { name: String::from(name), reads_as: identity.incarnation() });
        }
        Ok(identity)
    }

    /// The whole text, incarnation included.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The name that all lives of the node share.
    #[must_use]
    pub fn name(&self) -> &str {
        split(&self.0).0
    }

    /// Which life of the node this is; the first is 0.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        split(&self.0).1
    }

    /// The same node after it lost its memory.
    ///
    /// # Errors
    /// [`Error::Exhausted`] after `u32::MAX` lives.
    pub fn next_incarnation(&self) -> Result<Identity, Error> {
        // Checked, not saturating: two lives under one identity are what incarnations exist to prevent.
        match self.incarnation().checked_add(1) {
            Some(next) => Identity::new(self.name(), next),
            None => Err(Error::Exhausted { node: Some(self.clone()), ceiling: u64::from(u32::MAX) }),
        }
    }
}

/// Reads any text as the one identity that it is.
impl From<&str> for Identity {
    fn from(text: &str) -> Identity {
        Identity(Arc::from(text))
    }
}

impl PartialEq for Identity {
    fn eq(&self, other: &Identity) -> bool {
        Arc::ptr_eq(&self.0, &other.0) || self.0 == other.0
    }
}

impl Eq for Identity {}

impl PartialOrd for Identity {
    fn partial_cmp(&self, other: &Identity) -> Option<cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Identity {
    fn cmp(&self, other: &Identity) -> cmp::Ordering {
        if Arc::ptr_eq(&self.0, &other.0) {
            return cmp::Ordering::Equal; // Names of one table share their text: no need to read it.
        }
        self.0.cmp(&other.0)
    }
}

impl core::hash::Hash for Identity {
    fn hash<H: core::hash::Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}

impl fmt::Display for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(&self.0)
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, formatter)
    }
}

/// Name and incarnation of a text.
fn split(text: &str) -> (&str, u32) {
    text.rsplit_once('#')
        .and_then(|(name, digits)| Some((name, canonical_incarnation(digits)?)))
        .unwrap_or((text, 0))
}

/// The number that `digits` writes without sign or leading zero, unless it is zero.
fn canonical_incarnation(digits: &str) -> Option<u32> {
    if !digits.bytes().next()?.is_ascii_digit() || digits.starts_with('0') {
        return None;
    }
    digits.parse().ok()
}
