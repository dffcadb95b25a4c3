//! What links do: `[link]` for all of them, `[[links]]` for those that differ.

use std::num::NonZeroU32;
use std::time::Duration;

use constellation_fabric::{
    Contacts, ContactsError, Flap, Isolation, Link, Network, Odds, Outside, Pass, Sequence, Spread,
};
use constellation_trace::TrueTime;

use super::reader::{Field, Result, Section};
use super::{Scenario, units};

/// Directed links that differ from the rest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct LinkRule {
    /// From each of these nodes.
    pub sources: Vec<String>,
    /// To each of these nodes.
    pub targets: Vec<String>,
    /// What the link does.
    pub link: Link,
    /// When it is up; `None` for all the time.
    pub contacts: Option<Contacts>,
}

pub(super) const LINK_KEYS: [&str; 13] = [
    "latency",
    "loss",
    "duplicate",
    "order",
    "corrupt",
    "corrupt_unseen",
    "size_max",
    "rate",
    "queue",
    "windows",
    "flap",
    "outside",
    "spread",
];

pub(super) const DEFAULT_LINK: Link = Link {
    latency_min: Duration::from_millis(20),
    latency_max: Duration::from_millis(80),
    loss: Odds::NEVER,
    duplicate: Odds::NEVER,
    sequence: Sequence::Ordered,
    ..Link::INSTANT
};

/// The key of the file that is about all links together.
pub(super) const ISOLATION: &str = "isolation";

/// Takes away what a key would say if `[link]` did not say otherwise.
const NONE: &str = "none";

const ODDS: &str = "a chance such as \"2.5%\", at most 100%";
const DURATION: &str = "a duration such as \"1.5s\"";
const RATE: &str = "a rate such as \"64KiB/s\" or \"9600bit/s\", in whole bytes a second and at least one";

impl Scenario {
    pub(super) fn read_links(&self, field: &Field<'_>) -> Result<Vec<LinkRule>> {
        let keys: Vec<&str> = ["from", "to"].into_iter().chain(LINK_KEYS).collect();
        let rule = |section: &Section<'_>| {
            section.only(&keys)?;
            let (sources, targets) =
                (self.group(&section.require("from")?)?, self.group(&section.require("to")?)?);
            let (link, contacts) = read_link(section, self.link, self.contacts.as_ref(), self.end)?;
            Ok(LinkRule { sources, targets, link, contacts })
        };
        field.sections("[[links]]")?.iter().map(rule).collect()
    }
}

/// A link that differs from the default by what the section says, in a run that ends at `end`.
pub(super) fn read_link(
    section: &Section<'_>,
    default: Link,
    default_contacts: Option<&Contacts>,
    end: TrueTime,
) -> Result<(Link, Option<Contacts>)> {
    let mut link = default;
    if let Some(field) = section.get("latency") {
        let (least, most) =
            field.parsed("a latency such as \"80ms\" or \"20ms..80ms\"", units::duration_range)?;
        if least > most {
            return Err(field.refuse("the least latency is above the most"));
        }
        (link.latency_min, link.latency_max) = (least, most);
    }
    if let Some(field) = section.get("spread") {
        link.spread = field.one_of(&[("even", Spread::Even), ("tail", Spread::Tail)])?;
    }
    let odds = [
        ("loss", &mut link.loss),
        ("duplicate", &mut link.duplicate),
        ("corrupt", &mut link.corrupt_seen),
        ("corrupt_unseen", &mut link.corrupt_unseen),
    ];
    for (key, odds) in odds {
        if let Some(field) = section.get(key) {
            *odds = field.parsed(ODDS, units::odds)?;
        }
    }
    if let Some(field) = section.get("order") {
        link.sequence = field.one_of(&[("kept", Sequence::Ordered), ("free", Sequence::Unordered)])?;
    }
    if let Some(field) = section.get("size_max") {
        link.size_max = unless_none(&field, |field| {
            let size = field.parsed("a size such as \"1KiB\", from 1B to 2^32 - 1 bytes", |text| {
                NonZeroU32::new(u32::try_from(units::bytes(text)?).ok()?)
            });
            size.map(Some)
        })?;
    }
    if let Some(field) = section.get("rate") {
        link.rate = unless_none(&field, |field| field.parsed(RATE, units::rate).map(Some))?;
    }
    let contacts = read_contacts(section, default_contacts, end)?;
    read_queue(section, &mut link, contacts.as_ref())?;
    Ok((link, contacts))
}

/// How much may wait for the rate or for the link, which without a bound of its own is any amount.
fn read_queue(section: &Section<'_>, link: &mut Link, contacts: Option<&Contacts>) -> Result<()> {
    let is_waited_for = link.rate.is_some() || contacts.is_some();
    if let Some(field) = section.get("queue") {
        let bound =
            unless_none(&field, |field| field.parsed("a size such as \"16KiB\"", units::bytes).map(Some))?;
        if bound.is_some() && !is_waited_for {
            return Err(field
                .refuse("nothing waits in a queue in front of a link that carries any amount at once")
                .help("add `rate`, such as \"64KiB/s\", or `windows` or `flap`"));
        }
        link.queue_bytes_max = bound.unwrap_or(u64::MAX);
    }
    if !is_waited_for {
        // The rule takes back what the bound of the default was for.
        link.queue_bytes_max = u64::MAX;
    }
    Ok(())
}

/// When the link is up.
fn read_contacts(
    section: &Section<'_>,
    default: Option<&Contacts>,
    end: TrueTime,
) -> Result<Option<Contacts>> {
    let mut passes = default.and_then(Contacts::passes).map(<[Pass]>::to_vec);
    let mut flap = default.and_then(Contacts::flap);
    let mut outside = default.map_or(Outside::Hold, Contacts::outside);
    if let Some(field) = section.get("windows") {
        passes = unless_none(&field, |field| read_windows(field, end).map(Some))?;
    }
    if let Some(field) = section.get("flap") {
        flap = unless_none(&field, |field| read_flap(field).map(Some))?;
    }
    if let Some(field) = section.get("outside") {
        if passes.is_none() && flap.is_none() {
            return Err(field
                .refuse(
                    "this says what becomes of a message while the link is down, but it is up all the time",
                )
                .help("add `windows` or `flap`"));
        }
        outside = field.one_of(&[("hold", Outside::Hold), ("lose", Outside::Lose)])?;
    }
    Ok(contacts(passes, flap, outside))
}

/// The contacts of these passes, which were checked one by one.
pub(crate) fn contacts(passes: Option<Vec<Pass>>, flap: Option<Flap>, outside: Outside) -> Option<Contacts> {
    let mut contacts = Contacts::new(outside);
    if let Some(passes) = &passes {
        contacts = contacts.with_passes(passes.iter().copied()).expect("no window is taken that is none");
    }
    if let Some(flap) = flap {
        contacts = contacts.with_flap(flap).expect("no flap is taken that is none");
    }
    (passes.is_some() || flap.is_some()).then_some(contacts)
}

fn read_windows(field: &Field<'_>, end: TrueTime) -> Result<Vec<Pass>> {
    let mut passes: Vec<Pass> = Vec::new();
    for section in field.sections("a window")? {
        section.only(&["from", "to", "rate"])?;
        let (from, to) = (section.require("from")?, section.require("to")?);
        let time = |field: &Field<'_>| {
            field.parsed(DURATION, units::duration).map(|at| TrueTime::from_ns(0).saturating_add(at))
        };
        let rate = section.get("rate").map(|field| field.parsed(RATE, units::rate)).transpose()?;
        let pass = Pass { start: time(&from)?, end: time(&to)?, rate };
        if pass.end <= pass.start {
            let fault = format!("this window ends at {}, and begins at {}", pass.end, pass.start);
            return Err(to.refuse(fault).help("a window ends after it begins"));
        }
        if let Some(before) = passes.last().filter(|before| pass.start < before.end) {
            let fault = format!(
                "this window begins at {}, before the one in front of it ends at {}",
                pass.start, before.end
            );
            return Err(from.refuse(fault).help("windows stand in the order of time and do not overlap"));
        }
        if pass.end > end {
            return Err(to
                .refuse(format!("this window ends at {}, after the end of the run at {end}", pass.end))
                .help("make `end` later, or the window shorter"));
        }
        passes.push(pass);
    }
    if passes.is_empty() {
        return Err(field
            .refuse("a link without a window is never up")
            .help("use a `cut` that nobody heals"));
    }
    Ok(passes)
}

fn read_flap(field: &Field<'_>) -> Result<Flap> {
    let section = field.section("a flap")?;
    section.only(&["period", "down", "chance"])?;
    let down = section.require("down")?;
    let flap = Flap {
        period: section.require("period")?.parsed(DURATION, units::duration)?,
        down: down.parsed(DURATION, units::duration)?,
        odds: section.require("chance")?.parsed(ODDS, units::odds)?,
    };
    match Contacts::new(Outside::Hold).with_flap(flap) {
        Ok(_) => Ok(flap),
        Err(error @ ContactsError::Flap { .. }) => Err(down.refuse(error.to_string())),
        Err(error) => Err(field.refuse(error.to_string())),
    }
}

/// Whether nodes are cut off by luck.
pub(super) fn read_isolation(file: &Section<'_>) -> Result<Option<Isolation>> {
    let Some(field) = file.get(ISOLATION) else { return Ok(None) };
    unless_none(&field, |field| {
        let section = field.section("an isolation")?;
        section.only(&["period", "down", "chance"])?;
        let down = section.require("down")?;
        let isolation = Isolation {
            period: section.require("period")?.parsed(DURATION, units::duration)?,
            down: down.parsed(DURATION, units::duration)?,
            odds: section.require("chance")?.parsed(ODDS, units::odds)?,
        };
        let set = Network::new(Link::INSTANT).set_isolation(isolation);
        set.map_err(|error| down.refuse(error.to_string())).map(|()| Some(isolation))
    })
}

/// What `read` makes of a field, unless it says that there is none of it.
fn unless_none<T>(
    field: &Field<'_>,
    read: impl FnOnce(&Field<'_>) -> Result<Option<T>>,
) -> Result<Option<T>> {
    if field.value.as_str() == Some(NONE) { Ok(None) } else { read(field) }
}
