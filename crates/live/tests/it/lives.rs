//! Processes that end and begin: each is a crash or a restart of the record, and the run goes on.

use std::io;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use constellation_live::plan::Disk;
use constellation_live::process::serve;
use constellation_live::{Act, Ended, Launch, Process, Ticket, hub};
use constellation_trace::{EventId, Kind, Nemesis, Trace};

use crate::beacon::{Ask, Beacon};
use crate::tasks::{self, Beacons, CALM, Task, at_ms, node, run, setup, whole};
use crate::told::{count, lives};

const ONE: Beacons = Beacons { count: 1, repeats: 0 };
const TWO: Beacons = Beacons { count: 2, repeats: 0 };

fn add(number: u32) -> Act<Ask> {
    Act::Request { node: node(number), request: Ask::Add(5) }
}

/// The writes of a trace, in order.
fn writes(trace: &Trace) -> Vec<EventId> {
    trace.event_ids().filter(|event| trace.event(*event).kind == Kind::Persist).collect()
}

/// It is asked one thing after the other, then ends, and the next process is asked where it stands: round by round, so
/// that each is written before the next is asked.
async fn asked_then_ended(asks: &[Ask]) -> Trace {
    let (mut setup, _folder) = setup(1);
    let rounds = asks.iter().chain(&[Ask::Die, Ask::Show]);
    setup.closing.rounds = rounds.map(|ask| vec![(node(0), *ask)]).collect();
    let live = whole(setup, CALM, ONE).await;
    assert_eq!(
        (&live.remarks[..], live.unheard),
        (&["the process of pacific ended by itself".to_owned()][..], vec![node(0)])
    );
    live.trace
}

#[tokio::test]
async fn the_next_process_reads_what_the_last_one_wrote() {
    let trace = asked_then_ended(&[Ask::Add(5), Ask::Add(6)]).await;
    let [_, last] = writes(&trace)[..] else { panic!("it wrote twice: {trace:?}") };
    assert_eq!(lives(&trace), [Kind::Crash, Kind::Restart { from: Some(last) }]);
    assert_eq!((count(&trace, "remembers 11"), count(&trace, "is at 11")), (1, 1));
}

#[tokio::test]
async fn who_does_not_believe_the_last_write_restarts_from_the_one_before() {
    let trace = asked_then_ended(&[Ask::Add(5), Ask::Add(200)]).await;
    let [before, _] = writes(&trace)[..] else { panic!("it wrote twice: {trace:?}") };
    assert_eq!(lives(&trace), [Kind::Crash, Kind::Restart { from: Some(before) }]);
}

/// However busy the machine is: it restarts from its last write that is in the record.
#[tokio::test]
async fn a_killed_process_is_a_crash_and_the_next_reads_what_it_wrote() {
    let (mut setup, _folder) = setup(1);
    let restart = Act::Restart { node: node(0), disk: Disk::Kept };
    setup.plan = vec![(at_ms(50), add(0)), (at_ms(200), Act::Crash { node: node(0) }), (at_ms(210), restart)];
    let trace = whole(setup, CALM, ONE).await.trace;
    let from = writes(&trace).pop();
    assert_eq!(lives(&trace), [Kind::Crash, Kind::Restart { from }]);
    let kept = if from.is_some() { 5 } else { 0 };
    assert_eq!(count(&trace, &format!("remembers {kept}")), 1);
    assert_eq!(count(&trace, &format!("is at {kept}")), 1);
}

#[tokio::test]
async fn a_lost_disk_is_amnesia() {
    let (mut setup, _folder) = setup(1);
    let restart = Act::Restart { node: node(0), disk: Disk::Lost };
    setup.plan = vec![(at_ms(50), add(0)), (at_ms(200), Act::Crash { node: node(0) }), (at_ms(210), restart)];
    let trace = whole(setup, CALM, ONE).await.trace;
    assert_eq!(lives(&trace), [Kind::Crash, Kind::Restart { from: None }]);
    assert_eq!((count(&trace, "remembers 0"), count(&trace, "is at 0")), (1, 1));
}

#[tokio::test]
async fn who_is_down_at_the_end_is_there_again_and_what_it_missed_is_lost() {
    let (mut setup, _folder) = setup(2);
    setup.plan = vec![(at_ms(50), Act::Crash { node: node(1) }), (at_ms(200), add(0))];
    let live = whole(setup, CALM, TWO).await;
    assert_eq!(lives(&live.trace), [Kind::Crash, Kind::Restart { from: None }]);
    let lost = live.trace.nemesis().iter().filter(|entry| matches!(entry.nemesis, Nemesis::Lose(..))).count();
    // On a busy machine it may be sent so late that it meets the next process.
    assert_eq!((lost + count(&live.trace, "hears 5"), lost), (1, count(&live.trace, "is at 0")));
    assert_eq!(live.remarks, [] as [String; 0]);
}

/// Round by round, so that nothing depends on how fast the machine is: who is to crash does at what it is asked.
async fn struck(act: Act<Ask>) -> (Vec<Kind>, [usize; 3]) {
    let (mut setup, _folder) = setup(2);
    setup.plan = vec![(at_ms(50), act), (at_ms(60), add(0))];
    let live = whole(setup, CALM, TWO).await;
    assert_eq!(live.remarks, [] as [String; 0]);
    let counts = ["adds 5", "tells 5", "hears 5"].map(|label| count(&live.trace, label));
    (lives(&live.trace), counts)
}

#[tokio::test]
async fn who_crashes_before_its_work_has_not_heard_of_it() {
    let (lives, [adds, ..]) = struck(Act::CrashBefore { node: node(0) }).await;
    assert_eq!((lives, adds), (vec![Kind::Crash, Kind::Restart { from: None }], 0));
}

#[tokio::test]
async fn who_crashes_after_its_work_has_done_it_and_told_nobody() {
    let (lives, counts) = struck(Act::CrashAfter { node: node(0) }).await;
    assert!(matches!(lives[..], [Kind::Crash, Kind::Restart { from: Some(_) }]), "{lives:?}");
    assert_eq!(counts, [1, 1, 0]);
}

#[tokio::test]
async fn who_is_to_crash_and_is_asked_nothing_goes_on() {
    let (lives, counts) = struck(Act::CrashBefore { node: node(1) }).await;
    // It crashes at the message, if that comes before the end.
    assert!(lives.is_empty() || counts[2] == 0, "{lives:?} {counts:?}");
    let (mut setup, _folder) = setup(1);
    setup.plan = vec![(at_ms(50), Act::CrashAfter { node: node(0) })];
    let live = whole(setup, CALM, ONE).await;
    assert_eq!((lives_of(&live.trace), count(&live.trace, "is at 0")), (0, 1));
}

/// The answer to the first that it is not to crash comes when it is to again.
#[tokio::test]
async fn who_is_to_crash_again_before_it_heard_that_it_is_not_to_does() {
    let (mut setup, _folder) = setup(1);
    let strike = || Act::CrashBefore { node: node(0) };
    let restart = Act::Restart { node: node(0), disk: Disk::Kept };
    setup.plan =
        vec![(at_ms(50), strike()), (at_ms(50), restart), (at_ms(50), strike()), (at_ms(60), add(0))];
    let live = whole(setup, CALM, ONE).await;
    assert_eq!(live.remarks, [] as [String; 0], "it was to");
    assert_eq!(lives(&live.trace), [Kind::Crash, Kind::Restart { from: None }]);
}

#[tokio::test]
async fn who_is_to_crash_while_it_starts_does_once_it_is_there() {
    let (mut setup, _folder) = setup(2);
    let (join, strike) = (Act::Join { node: node(1) }, Act::CrashBefore { node: node(1) });
    setup.plan = vec![(at_ms(50), join), (at_ms(50), strike), (at_ms(50), add(1))];
    let live = whole(setup, CALM, TWO).await;
    assert_eq!(lives(&live.trace), [Kind::Crash, Kind::Restart { from: None }]);
    assert_eq!((count(&live.trace, "adds 5"), live.remarks.len()), (0, 0), "{:?}", live.remarks);
}

/// Faults end while it starts, and with them that it is to crash.
#[tokio::test]
async fn who_starts_when_faults_end_does_not_crash_at_its_next_input() {
    let (mut setup, _folder) = setup(2);
    let (join, strike) = (Act::Join { node: node(1) }, Act::CrashBefore { node: node(1) });
    setup.plan = vec![(setup.end, join), (setup.end, strike)];
    let live = whole(setup, CALM, TWO).await;
    assert_eq!((lives(&live.trace), live.remarks), (Vec::new(), Vec::new()));
    assert_eq!(count(&live.trace, "is at 0"), 2);
}

/// It is told to die when faults end: the next process begins at once.
#[tokio::test]
async fn who_ends_after_faults_have_ended_begins_again() {
    let (mut setup, _folder) = setup(2);
    setup.plan = vec![(setup.end, Act::Request { node: node(1), request: Ask::Die })];
    setup.closing.settle = Duration::from_secs(2);
    let live = whole(setup, CALM, TWO).await;
    assert_eq!(lives(&live.trace), [Kind::Crash, Kind::Restart { from: None }]);
    // On a busy machine it may be so slow to die that it is asked before.
    assert!(count(&live.trace, "is at 0") == 2 || live.unheard == [node(1)], "{:?}", live.unheard);
}

#[tokio::test]
async fn of_who_ends_when_it_is_asked_nobody_knows_how_it_stands() {
    let (mut setup, _folder) = setup(2);
    setup.closing.rounds = vec![vec![(node(0), Ask::Show), (node(1), Ask::Die)]];
    let live = whole(setup, CALM, TWO).await;
    assert_eq!(live.unheard, [node(1)]);
    assert_eq!(live.remarks, ["the process of atlantic ended by itself"]);
}

/// Its first process works, and no other does.
#[derive(Clone, Copy)]
struct Worn;

impl Launch for Worn {
    type Process = Task;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Task> {
        if ticket.incarnation() == 0 {
            return ONE.clone().launch(ticket);
        }
        let ticket = ticket.clone();
        Ok(Task(tokio::spawn(async move {
            // The hub says why.
            let _ = serve::<Beacon>(&ticket, |_| Err("worn out".to_owned())).await;
        })))
    }
}

#[tokio::test]
async fn who_ends_again_and_again_is_given_up_and_said_to_be_unheard() {
    let (mut setup, _folder) = setup(1);
    setup.plan = vec![(at_ms(50), Act::Crash { node: node(0) })];
    let live = whole(setup, CALM, Worn).await;
    assert_eq!(live.unheard, [node(0)]);
    assert_eq!(lives_of(&live.trace), 9, "a crash, and four lives");
    let ended = "the process of pacific ended by itself: what the hub says makes no node: worn out";
    assert_eq!(live.remarks, [ended; 4]);
}

/// It is asked twice, and each time its timers go on until there is no more time.
#[tokio::test]
async fn whose_timers_never_end_is_not_said_to_be_at_work() {
    let (mut setup, _folder) = setup(1);
    setup.plan = vec![(at_ms(50), add(0))];
    setup.patience.grace = Duration::from_millis(500);
    setup.closing.rounds = vec![vec![(node(0), Ask::Show)]; 2];
    let live = whole(setup, CALM, Beacons { count: 1, repeats: u32::MAX }).await;
    assert_eq!((live.remarks, live.unheard), (Vec::new(), Vec::new()));
    assert_eq!(count(&live.trace, "is at 5"), 2);
}

fn lives_of(trace: &Trace) -> usize {
    lives(trace).len()
}

/// As after a bug of its own, or when somebody else killed it.
#[tokio::test]
async fn a_process_that_ends_by_itself_is_a_crash_too() {
    let (mut setup, _folder) = setup(2);
    let die = Act::Request { node: node(1), request: Ask::Die };
    setup.plan = vec![(at_ms(50), die), (at_ms(60), add(0))];
    let live = whole(setup, CALM, TWO).await;
    // It is there again at the end, unless it is so slow to die that the end was before.
    let lives = lives(&live.trace);
    assert!(lives[0] == Kind::Crash && lives.len() <= 2, "{lives:?}");
    assert_eq!(live.remarks, ["the process of atlantic ended by itself"]);
    assert_eq!(count(&live.trace, "tells 5"), 1, "the other goes on");
}

/// A cut holds it until the end, when the process is there again.
#[tokio::test]
async fn what_is_held_for_who_is_down_arrives() {
    let (mut setup, _folder) = setup(2);
    let cut = Act::Cut { sources: vec![node(0)], targets: vec![node(1)] };
    setup.plan = vec![(at_ms(10), cut), (at_ms(50), Act::Crash { node: node(1) }), (at_ms(200), add(0))];
    let trace = whole(setup, CALM, TWO).await.trace;
    assert_eq!((count(&trace, "hears 5"), count(&trace, "is at 5")), (1, 2));
}

#[tokio::test]
async fn who_joins_starts_then_and_who_leaves_is_gone() {
    let (mut setup, _folder) = setup(2);
    let (join, leave) = (Act::Join { node: node(1) }, Act::Leave { node: node(1) });
    setup.plan = vec![(at_ms(50), add(0)), (at_ms(100), join), (at_ms(300), leave)];
    let trace = whole(setup, CALM, TWO).await.trace;
    let told = trace.nemesis().iter().map(|entry| entry.nemesis.clone());
    let lives: Vec<_> = told.filter(|nemesis| nemesis.node().is_some()).collect();
    assert_eq!(lives, [Nemesis::Join { node: node(1) }, Nemesis::Leave { node: node(1) }]);
    assert_eq!((count(&trace, "online"), count(&trace, "leaves"), count(&trace, "is at 5")), (2, 1, 1));
}

#[tokio::test]
async fn what_cannot_be_stopped_is_told_and_not_recorded() {
    let (mut setup, _folder) = setup(1);
    setup.plan = vec![(at_ms(50), Act::Pause { node: node(0), lasts: Duration::from_millis(50) })];
    let live = whole(setup, CALM, ONE).await;
    assert_eq!(live.remarks, ["not done: pacific was to stop for a time, and a task cannot be stopped"]);
    assert!(live.trace.nemesis().is_empty());
    let (mut setup, _folder) = tasks::setup(2);
    let pause = Act::Pause { node: node(1), lasts: Duration::from_millis(50) };
    setup.plan = vec![(at_ms(50), Act::Join { node: node(1) }), (at_ms(50), pause)];
    let live = whole(setup, CALM, TWO).await;
    assert_eq!(
        live.remarks,
        ["not done: atlantic was to stop for a time, and its process was still starting"]
    );
}

/// A task that notes when it is stopped and goes on, and is not.
struct Noted {
    task: Task,
    notes: Arc<Mutex<Vec<&'static str>>>,
}

impl Process for Noted {
    fn kill(&mut self) -> io::Result<()> {
        self.task.kill()
    }

    fn pause(&mut self) -> io::Result<()> {
        self.notes.lock().expect("nobody panics with it").push("stops");
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        self.notes.lock().expect("nobody panics with it").push("goes on");
        Ok(())
    }

    fn has_ended(&mut self) -> bool {
        self.task.has_ended()
    }
}

struct Notes(Arc<Mutex<Vec<&'static str>>>);

impl Launch for Notes {
    type Process = Noted;

    fn launch(&mut self, ticket: &Ticket) -> io::Result<Noted> {
        Ok(Noted { task: ONE.clone().launch(ticket)?, notes: Arc::clone(&self.0) })
    }
}

/// The second ends long before the first, and the third begins after that; the end of faults ends them all.
#[tokio::test]
async fn who_is_stopped_twice_goes_on_when_the_longer_is_over() {
    let (mut setup, _folder) = setup(1);
    let pause = |ms| Act::Pause { node: node(0), lasts: Duration::from_millis(ms) };
    setup.plan = vec![(at_ms(50), pause(10_000)), (at_ms(60), pause(1)), (at_ms(300), pause(1))];
    let notes = Arc::default();
    whole(setup, CALM, Notes(Arc::clone(&notes))).await;
    assert_eq!(*notes.lock().expect("nobody panics with it"), ["stops", "stops", "stops", "goes on"]);
}

#[tokio::test]
async fn whoever_watches_a_run_is_shown_what_is_recorded_so_far() {
    let (setup, _folder) = setup(1);
    let mut shown = Vec::new();
    let mut watch = |trace: &Trace| shown.push(trace.events().to_vec());
    let stop = AtomicBool::new(false);
    let live = hub::run_watched::<Beacon, _>(setup, &mut { CALM }, ONE, &stop, &mut watch).await;
    let live = live.expect("nothing stands in the way");
    assert!(!shown.is_empty());
    assert!(shown.iter().all(|events| !events.is_empty() && live.trace.events().starts_with(events)));
}

#[tokio::test]
async fn a_run_stops_when_it_is_told_to_and_says_what_stands() {
    let (setup, _folder) = setup(1);
    let live = hub::run::<Beacon, _>(setup, &mut { CALM }, ONE, &AtomicBool::new(true)).await;
    let live = live.expect("nothing stands in the way");
    assert_eq!((live.ended, count(&live.trace, "is at 0")), (Ended::Stopped, 0));
}

#[tokio::test]
async fn a_run_that_says_too_much_is_cut() {
    let (mut setup, _folder) = setup(2);
    setup.events_max = 3;
    setup.plan = vec![(at_ms(50), add(0))];
    let live = run(setup, CALM, TWO).await.expect("nothing stands in the way");
    assert_eq!(live.ended, Ended::TooLong);
}
