//! The adapters of all sites as the driver knows them: which process asks for which client, what it has open, and what it
//! has done that no adapter may do.
//!
//! A state machine over lines: whoever has the processes hands over what they say, and writes what is to be said.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;
use std::time::Duration;

use constellation_lab::placement::SITE_NAMES;
use constellation_lab::placement::client::{Answer, Ask};
use constellation_lab::placement::protocol::TIMEOUT;

use crate::adapter::{Nonsense, PROCESSES_MAX, Said, ask_line, read_said};

/// An adapter: the how-manieth of which site.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Which {
    /// Of which site.
    pub site: usize,
    /// The how-manieth of it, from 0.
    pub nth: usize,
}

/// What an adapter did that no adapter may do.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Fault {
    /// Which.
    pub adapter: Which,
    /// What.
    pub what: Wrong,
}

/// What went wrong with an adapter.
#[derive(Clone, Debug, Eq, PartialEq)]
#[non_exhaustive]
pub enum Wrong {
    /// It said what an adapter may not say.
    Nonsense(Nonsense),
    /// It answered what it was not asked, or twice.
    NotAsked {
        /// With which id.
        id: u64,
    },
    /// It said a second time that it is ready, or answered before it was.
    OutOfTurn,
    /// It ended.
    Ended {
        /// How: `with status 1`.
        how: String,
    },
    /// It was not ready in its time.
    NotReady {
        /// How long it had.
        within: Duration,
    },
    /// It said more than anybody can listen to, or does not listen itself.
    Output {
        /// In which way.
        how: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the adapter at {} {}", SITE_NAMES[self.adapter.site], self.what)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Wrong::Nonsense(nonsense) => write!(f, "speaks nonsense: {nonsense}"),
            Wrong::NotAsked { id } => {
                write!(f, "answers {id}, which it was not asked or has answered before")
            }
            Wrong::OutOfTurn => f.write_str("says \"ready\" twice, or answers before it says so"),
            Wrong::Ended { how } => write!(f, "has ended {how}"),
            Wrong::NotReady { within } => {
                write!(
                    f,
                    "did not say \"ready\" within {} s: its first line is to be {{\"ready\":1}}",
                    within.as_secs()
                )
            }
            Wrong::Output { how } => f.write_str(how),
        }
    }
}

impl std::error::Error for Fault {}

/// The adapters of all sites.
#[derive(Debug, Default)]
pub struct Clients {
    sites: Vec<Vec<Adapter>>,
}

/// One process.
#[derive(Debug, Default)]
struct Adapter {
    /// How many asks it can have open at once; `None` before it is ready.
    at_once: Option<usize>,
    open: BTreeSet<u64>,
    /// What it is still to be asked, and until when that makes sense.
    ahead: VecDeque<(u64, Duration, String)>,
    has_failed: bool,
}

/// What a line of an adapter came to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Heard {
    /// It is ready, and its site is to have so many in all; only of the first of a site.
    Ready {
        /// How many.
        processes: usize,
    },
    /// It answered.
    Answered {
        /// With which id.
        id: u64,
        /// What.
        answer: Answer,
    },
}

impl Clients {
    /// No adapters yet, at so many sites.
    pub fn new(sites: usize) -> Clients {
        Clients { sites: (0..sites).map(|_| Vec::new()).collect() }
    }

    /// One more adapter is begun at a site.
    pub fn begun(&mut self, site: usize) -> Which {
        self.sites[site].push(Adapter::default());
        Which { site, nth: self.sites[site].len() - 1 }
    }

    /// Whether each that was begun is ready.
    pub fn are_ready(&self) -> bool {
        let mut all = self.sites.iter().flatten();
        all.all(|adapter| adapter.at_once.is_some())
    }

    /// The first that is not ready.
    pub fn not_ready(&self) -> Option<Which> {
        let all = self.sites.iter().enumerate();
        let mut all =
            all.flat_map(|(site, of)| of.iter().enumerate().map(move |(nth, one)| (site, nth, one)));
        let (site, nth, _) = all.find(|(.., adapter)| adapter.at_once.is_none())?;
        Some(Which { site, nth })
    }

    /// Has a client ask; it always asks through the same process. What waits for another ask longer than anybody waits for
    /// its answer is not asked at all.
    pub fn ask(&mut self, now: Duration, site: usize, (id, client): (u64, u32), ask: &Ask) {
        let of = &mut self.sites[site];
        let nth = client as usize % of.len().max(1);
        if let Some(adapter) = of.get_mut(nth) {
            adapter.ahead.push_back((id, now + TIMEOUT, ask_line(id, client, ask)));
        }
    }

    /// The lines that are to be written now, each to whom.
    pub fn lines(&mut self, now: Duration) -> Vec<(Which, String)> {
        let mut lines = Vec::new();
        for (site, of) in self.sites.iter_mut().enumerate() {
            for (nth, adapter) in of.iter_mut().enumerate() {
                let at_once = adapter.at_once.unwrap_or(0);
                adapter.ahead.retain(|(_, until, _)| now < *until);
                while adapter.open.len() < at_once {
                    let Some((id, _, line)) = adapter.ahead.pop_front() else { break };
                    adapter.open.insert(id);
                    lines.push((Which { site, nth }, line));
                }
            }
        }
        lines
    }

    /// Hears a line, without its end. Of one that has failed nothing is heard any more.
    ///
    /// # Errors
    /// The first time that an adapter does what it may not.
    pub fn hear(&mut self, which: Which, line: &str) -> Result<Option<Heard>, Fault> {
        let Some(adapter) = self.sites.get_mut(which.site).and_then(|of| of.get_mut(which.nth)) else {
            return Ok(None);
        };
        if adapter.has_failed {
            return Ok(None);
        }
        let heard = match (read_said(line), adapter.at_once) {
            (Err(nonsense), _) => Err(Wrong::Nonsense(nonsense)),
            (Ok(Said::Ready(at_once)), None) => {
                adapter.at_once = Some(at_once);
                let processes = PROCESSES_MAX.div_ceil(at_once);
                Ok((which.nth == 0).then_some(Heard::Ready { processes }))
            }
            (Ok(Said::Answer(id, answer)), Some(_)) if adapter.open.remove(&id) => {
                Ok(Some(Heard::Answered { id, answer }))
            }
            (Ok(Said::Answer(id, _)), Some(_)) => Err(Wrong::NotAsked { id }),
            (Ok(_), _) => Err(Wrong::OutOfTurn),
        };
        heard.map_err(|what| {
            adapter.fail();
            Fault { adapter: which, what }
        })
    }

    /// An adapter has failed: it is asked nothing any more, and what it has open is never answered. `None` if it had failed
    /// before.
    pub fn failed(&mut self, which: Which, what: Wrong) -> Option<Fault> {
        let adapter = self.sites.get_mut(which.site)?.get_mut(which.nth)?;
        if adapter.has_failed {
            return None;
        }
        adapter.fail();
        Some(Fault { adapter: which, what })
    }
}

impl Adapter {
    fn fail(&mut self) {
        // It is as ready as it will be, and takes nothing.
        (self.has_failed, self.at_once) = (true, Some(0));
        self.open.clear();
        self.ahead.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::ZERO;

    /// Two sites with an adapter each that says this.
    fn clients(ready: &str) -> (Clients, Which) {
        let mut clients = Clients::new(2);
        let [first, second] = [0, 1].map(|site| clients.begun(site));
        assert!(!clients.are_ready());
        clients.hear(first, ready).expect("it is ready");
        assert_eq!(clients.not_ready(), Some(second));
        clients.hear(second, ready).expect("it is ready");
        assert!(clients.are_ready());
        (clients, first)
    }

    fn ask(clients: &mut Clients, now: Duration, id: u64, client: u32) -> Vec<(usize, usize)> {
        clients.ask(now, 0, (id, client), &Ask::read("k"));
        clients.lines(now).iter().map(|(which, _)| (which.site, which.nth)).collect()
    }

    #[test]
    fn whoever_answers_one_ask_at_a_time_has_many_processes() {
        let mut clients = Clients::new(1);
        let first = clients.begun(0);
        let heard = clients.hear(first, "{\"ready\":1}");
        assert_eq!(heard, Ok(Some(Heard::Ready { processes: PROCESSES_MAX })));
        let second = clients.begun(0);
        assert_eq!(clients.hear(second, "{\"ready\":1}"), Ok(None));
        assert_eq!(ask(&mut clients, NOW, 1, 0), [(0, 0)]);
        assert_eq!(ask(&mut clients, NOW, 2, 1), [(0, 1)], "it waits behind nobody");
        assert_eq!(ask(&mut clients, NOW, 3, 2), [], "it waits behind client 0");
        let answered = Heard::Answered { id: 1, answer: Answer::DONE };
        assert_eq!(clients.hear(first, "{\"id\":1,\"ok\":[]}"), Ok(Some(answered)));
        assert_eq!(clients.lines(NOW).len(), 1);
    }

    #[test]
    fn what_waits_longer_than_anybody_for_its_answer_is_never_asked() {
        let (mut clients, first) = clients("{\"ready\":1}");
        assert_eq!(ask(&mut clients, NOW, 1, 0).len(), 1);
        assert_eq!(ask(&mut clients, NOW, 2, 0), []);
        clients.hear(first, "{\"id\":1,\"ok\":[]}").expect("it was asked");
        assert_eq!(clients.lines(TIMEOUT), []);
    }

    #[test]
    fn an_adapter_that_misbehaves_is_told_once_and_asked_no_more() {
        let table = [
            ("hello", "the adapter at pacific speaks nonsense: a line is no JSON object: hello"),
            (
                "{\"id\":7,\"ok\":[]}",
                "the adapter at pacific answers 7, which it was not asked or has answered before",
            ),
            ("{\"ready\":1}", "the adapter at pacific says \"ready\" twice, or answers before it says so"),
        ];
        for (line, expected) in table {
            let (mut clients, first) = clients("{\"ready\":64}");
            assert_eq!(
                clients.hear(first, line).map_err(|fault| fault.to_string()),
                Err(expected.to_owned())
            );
            assert_eq!(clients.hear(first, line), Ok(None), "once");
            assert_eq!(clients.failed(first, Wrong::OutOfTurn), None, "once");
            assert_eq!(ask(&mut clients, NOW, 1, 0), []);
        }
    }

    #[test]
    fn an_adapter_that_ends_answers_nothing() {
        let (mut clients, first) = clients("{\"ready\":64}");
        let fault = clients.failed(first, Wrong::Ended { how: "with status 1".to_owned() });
        let told = fault.map(|fault| fault.to_string());
        assert_eq!(told.as_deref(), Some("the adapter at pacific has ended with status 1"));
        assert_eq!(ask(&mut clients, NOW, 1, 0), []);
    }
}
