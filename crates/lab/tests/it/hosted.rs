//! The sites of a store as drivers with real sockets have them: what they say to each other is bytes.

use std::collections::{BTreeMap, VecDeque};

use constellation_fabric::{Now, Timer};
use constellation_lab::placement::client::{Answer, Ask};
use constellation_lab::placement::hosted::{Done, Given, Hosted};
use constellation_lab::placement::{STORES, Store};
use constellation_trace::{Elapsed, NodeId, WallTime};

/// Sites whose messages arrive in no time, but for those that are cut short.
struct Sites {
    all: Vec<Box<dyn Hosted>>,
    now_ns: u64,
    timers: BTreeMap<(u64, usize, Timer), ()>,
    answers: BTreeMap<u32, Answer>,
    is_cut_short: bool,
    sent: usize,
}

impl Sites {
    fn of(store: &Store) -> Sites {
        let all = (0_u32..).take(store.sites).map(|site| store.hosted(site)).collect();
        let (timers, answers) = (BTreeMap::new(), BTreeMap::new());
        let mut sites = Sites { all, now_ns: 0, timers, answers, is_cut_short: false, sent: 0 };
        (0..store.sites).for_each(|site| sites.give(site, Given::Start));
        sites
    }

    fn give(&mut self, site: usize, given: Given<'_>) {
        let now = Now { wall: WallTime::from_ns(self.now_ns), elapsed: Elapsed::from_ns(self.now_ns) };
        let mut ahead = VecDeque::from([(site, self.all[site].on(now, given))]);
        while let Some((site, Done { sends, answers, timers })) = ahead.pop_front() {
            self.answers.extend(answers);
            for set in timers {
                self.timers.retain(|(_, other, timer), ()| (*other, *timer) != (site, set.timer));
                let at = self.now_ns + u64::try_from(set.after.as_nanos()).expect("a short time");
                self.timers.insert((at, site, set.timer), ());
            }
            for (to, bytes) in sends {
                self.sent += 1;
                let end = if self.is_cut_short { bytes.len() - 1 } else { bytes.len() };
                let from = NodeId::new(u32::try_from(site).expect("sites are few"));
                let given = Given::Message { from, bytes: &bytes[..end] };
                ahead.push_back((to.index(), self.all[to.index()].on(now, given)));
            }
        }
    }

    /// Lets timers run out until so much later.
    fn pass(&mut self, ms: u64) {
        let until = self.now_ns + ms * 1_000_000;
        while let Some((at, site, timer)) = self.timers.keys().next().copied().filter(|(at, ..)| *at <= until)
        {
            self.timers.remove(&(at, site, timer));
            self.now_ns = at;
            self.give(site, Given::Timer(timer));
        }
        self.now_ns = until;
    }

    fn ask(&mut self, number: u32, site: usize, ask: Ask) -> Option<Answer> {
        self.give(site, Given::Ask { number, ask });
        self.pass(900);
        self.answers.remove(&number)
    }
}

#[test]
fn a_write_in_bytes_is_read_at_every_site_of_every_store() {
    for store in STORES.iter().flat_map(|info| info.stores()) {
        let mut sites = Sites::of(&store);
        sites.pass(3_000);
        assert_eq!(sites.ask(0, 1, Ask::write("k", 7)), Some(Answer::DONE), "{store}");
        sites.pass(1_000);
        for site in 0..store.sites {
            let number = u32::try_from(site + 1).expect("sites are few");
            assert_eq!(
                sites.ask(number, site, Ask::read("k")),
                Some(Answer::shows([7])),
                "{store} at {site}"
            );
        }
    }
}

#[test]
fn a_message_that_is_cut_short_counts_as_lost() {
    for store in STORES.iter().flat_map(|info| info.stores()) {
        let mut sites = Sites::of(&store);
        sites.is_cut_short = true;
        sites.pass(3_000);
        sites.ask(0, 1, Ask::write("k", 7));
        assert!(sites.sent > 0, "{store}");
        let shown = sites.ask(1, 0, Ask::read("k"));
        assert_ne!(shown, Some(Answer::shows([7])), "{store}: nobody told the first site");
    }
}
