//! What is left after the heal: whether every site shows the same, and whether that is what was acknowledged.
//!
//! The least that anybody means by *eventually*, and what is judged where a mode promises no model.

use std::collections::BTreeSet;
use std::fmt;

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::client::{Answer, What};
use constellation_lab::placement::record::Asked;

use super::trial::KEYS;

/// What is amiss.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Remains {
    /// A key was not answered at a site, so that nobody can tell.
    Silent {
        /// Which site.
        site: usize,
        /// Which key.
        key: usize,
    },
    /// Two sites show different values of a key.
    Apart {
        /// Which key.
        key: usize,
        /// The two reads, by their places.
        reads: [usize; 2],
        /// What each shows.
        shows: [Vec<u64>; 2],
        /// At which sites.
        sites: [usize; 2],
    },
    /// A write was acknowledged, and no site shows it, nor anything that could have come after it.
    Lost {
        /// Which key.
        key: usize,
        /// The write, by its place.
        write: usize,
        /// What it wrote.
        value: u64,
        /// At which site.
        site: usize,
        /// Who shows something else: a read, by its place.
        read: usize,
        /// What is shown instead.
        shows: Vec<u64>,
        /// The writes of that, by their places: each was acknowledged before the other began.
        older: Vec<usize>,
    },
}

/// All that is amiss by the last look; first what is lost, then what is apart, then what nobody can tell.
pub fn amiss(asked: &[Asked], last_look: &[[Option<usize>; KEYS]]) -> Vec<Remains> {
    let mut all: Vec<Remains> = (0..KEYS).filter_map(|key| of_key(asked, last_look, key)).collect();
    all.sort_by_key(|one| match one {
        Remains::Lost { .. } => 0,
        Remains::Apart { .. } => 1,
        Remains::Silent { .. } => 2,
    });
    all
}

fn of_key(asked: &[Asked], last_look: &[[Option<usize>; KEYS]], key: usize) -> Option<Remains> {
    let places: Vec<Option<usize>> = last_look.iter().map(|of_site| of_site[key]).collect();
    let read: Vec<(usize, usize)> =
        places.iter().enumerate().filter_map(|(site, place)| Some((site, (*place)?))).collect();
    let shows = |place: usize| asked[place].shown().to_vec();
    if let [(site, first), rest @ ..] = &read[..]
        && let Some((other_site, other)) = rest.iter().find(|(_, other)| shows(*other) != shows(*first))
    {
        let reads = [*first, *other];
        return Some(Remains::Apart { key, reads, shows: reads.map(shows), sites: [*site, *other_site] });
    }
    if let Some(site) = places.iter().position(Option::is_none) {
        return Some(Remains::Silent { site, key });
    }
    lost(asked, read.first()?.1, key)
}

/// The last acknowledged write of a key that is lost, as this read tells.
fn lost(asked: &[Asked], read: usize, key: usize) -> Option<Remains> {
    let name = format!("k{key}");
    let shows: BTreeSet<u64> = asked[read].shown().iter().copied().collect();
    let writes: Vec<(usize, &Asked, u64)> = asked
        .iter()
        .enumerate()
        .filter_map(|(place, one)| match one.ask.what {
            What::Write(value) if one.ask.key == name => Some((place, one, value)),
            _ => None,
        })
        .collect();
    let older: Vec<(usize, &Asked)> = writes
        .iter()
        .filter(|(.., value)| shows.contains(value))
        .map(|(place, one, _)| (*place, *one))
        .collect();
    // Whatever is shown that nobody wrote here is not known to be older than anything.
    if older.len() != shows.len() {
        return None;
    }
    let is_before = |one: &Asked, other: &Asked| match &one.ended {
        Some((at, Answer::Ok(_))) => *at < other.begun,
        _ => false,
    };
    let is_lost = |write: &Asked, value: u64| {
        matches!(write.ended, Some((_, Answer::Ok(_))))
            && !shows.contains(&value)
            && older.iter().all(|(_, one)| is_before(one, write))
    };
    let (write, one, value) = writes.iter().rev().find(|(_, write, value)| is_lost(write, *value))?;
    Some(Remains::Lost {
        key,
        write: *write,
        value: *value,
        site: one.site,
        read,
        shows: shows.iter().copied().collect(),
        older: older.iter().map(|(place, _)| *place).collect(),
    })
}

impl Remains {
    /// Whether it breaks what anybody means by *eventually*; else nobody can tell.
    pub const fn is_wrong(&self) -> bool {
        !matches!(self, Remains::Silent { .. })
    }

    /// The operations that show it, by their places, in the order of asking.
    pub fn operations(&self) -> Vec<usize> {
        let mut places = match self {
            Remains::Silent { .. } => Vec::new(),
            Remains::Apart { reads, .. } => reads.to_vec(),
            Remains::Lost { write, read, older, .. } => {
                older.iter().copied().chain([*write, *read]).collect()
            }
        };
        places.sort_unstable();
        places
    }
}

impl fmt::Display for Remains {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remains::Silent { site, key } => {
                write!(f, "after the heal no read of k{key} at {} was answered", SITE_NAMES[*site])
            }
            Remains::Apart { key, shows: [one, other], sites: [first, second], .. } => write!(
                f,
                "k{key} did not converge: {} shows {}, and {} shows {}",
                SITE_NAMES[*first],
                told(one),
                SITE_NAMES[*second],
                told(other)
            ),
            Remains::Lost { key, value, site, shows, .. } => write!(
                f,
                "the write of {value} under k{key}, which {} acknowledged, is lost: every site shows {}, and nothing newer",
                SITE_NAMES[*site],
                told(shows)
            ),
        }
    }
}

fn told(values: &[u64]) -> String {
    match values {
        [] => "nothing".to_owned(),
        values => values.iter().map(u64::to_string).collect::<Vec<_>>().join(" and "),
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use constellation_lab::placement::client::Ask;
    use constellation_lab::placement::record::Phase;

    use super::*;

    fn asked(site: usize, ask: Ask, (begun, ended): (u64, u64), answer: Answer) -> Asked {
        let [begun, ended] = [begun, ended].map(Duration::from_millis);
        Asked { site, client: 0, ask, begun, ended: Some((ended, answer)), phase: Phase::Traffic }
    }

    fn wrote(value: u64, times: (u64, u64), answer: Answer) -> Asked {
        asked(0, Ask::write("k0", value), times, answer)
    }

    /// What is told where each site shows this of k0 in the end, and nothing of other keys.
    fn told_of(writes: &[Asked], shown: [Option<&[u64]>; 3]) -> Vec<String> {
        let mut all = writes.to_vec();
        let mut last_look = Vec::new();
        for (site, shown) in shown.into_iter().enumerate() {
            let mut of_site = [None; KEYS];
            for (key, place) in of_site.iter_mut().enumerate() {
                let shown = if key == 0 { shown } else { Some(&[][..]) };
                if let Some(shown) = shown {
                    *place = Some(all.len());
                    let answer = Answer::shows(shown.iter().copied());
                    all.push(asked(site, Ask::read(format!("k{key}")), (900, 910), answer));
                }
            }
            last_look.push(of_site);
        }
        amiss(&all, &last_look).iter().map(ToString::to_string).collect()
    }

    /// Writes, what each site shows, and what is told of that.
    type Row<'a> = (&'a [Asked], [&'a [u64]; 3], &'a [&'a str]);

    #[test]
    fn what_was_acknowledged_and_is_gone_is_lost() {
        let done = || Answer::DONE;
        let one_after_the_other = [wrote(1, (0, 10), done()), wrote(2, (20, 30), done())];
        let lost = "the write of 2 under k0, which pacific acknowledged, is lost: every site shows 1, and nothing newer";
        let table: [Row<'_>; 7] = [
            (&one_after_the_other, [&[2], &[2], &[2]], &[]),
            (&one_after_the_other, [&[1], &[1], &[1]], &[lost]),
            (
                &one_after_the_other,
                [&[], &[], &[]],
                &[
                    "the write of 2 under k0, which pacific acknowledged, is lost: every site shows nothing, and nothing newer",
                ],
            ),
            (
                &one_after_the_other,
                [&[2], &[1], &[2]],
                &["k0 did not converge: pacific shows 2, and atlantic shows 1"],
            ),
            // Both at once: either may be the last.
            (&[wrote(1, (0, 25), done()), wrote(2, (20, 30), done())], [&[1], &[1], &[1]], &[]),
            // Nobody knows when it took effect.
            (
                &[wrote(1, (0, 10), Answer::Unknown(String::new())), wrote(2, (20, 30), done())],
                [&[1], &[1], &[1]],
                &[],
            ),
            // What was never acknowledged may be missing.
            (
                &[wrote(1, (0, 10), done()), wrote(2, (20, 30), Answer::Unknown(String::new()))],
                [&[1], &[1], &[1]],
                &[],
            ),
        ];
        for (writes, shown, expected) in table {
            assert_eq!(told_of(writes, shown.map(Some)), expected, "{writes:?} {shown:?}");
        }
    }

    #[test]
    fn of_a_site_that_is_silent_nobody_can_tell() {
        let writes = [wrote(1, (0, 10), Answer::DONE)];
        let told = told_of(&writes, [Some(&[1]), Some(&[1]), None]);
        assert_eq!(told, ["after the heal no read of k0 at indian was answered"]);
    }
}
