//! What each deviation of a tape did is told in plain words, for each kind of luck, and is what the trace says.

use std::num::NonZeroU32;

use constellation_fabric::{Question, Topic};
use constellation_lab::hunt::{deviations, doings, provenance};
use constellation_lab::station::DiskSync;
use constellation_lab::{Scenario, play};
use constellation_sim::choices::{Answer, Provenance};
use constellation_sim::{Answers, Recorder, Seeded, Tape};
use constellation_trace::{Kind, Names, Nemesis, NodeId, Trace};
use expect_test::expect;

const SCENARIO: &str = r#"
nodes = ["pacific", "atlantic"]
end = "10s"
epoch = 2026-03-14T04:11:50Z
link = { latency = "20ms" }
anti_entropy = "1s"
[[steps]]
at = "1s"
do = "submit"
node = "pacific"
key = "attitude"
value = "nadir"
[[steps]]
at = "2s"
do = "submit"
node = "atlantic"
key = "attitude"
value = "yaw"
"#;

/// A run of the scenario with these faults, and all that deviated in it.
fn run(scenario: &Scenario, seed: u64) -> (Tape, Trace) {
    let mut recorder = Recorder::new(Seeded::new(seed));
    let trace = play(scenario, seed, &mut recorder).expect("it is short");
    let provenance = provenance(scenario, seed).expect("the calm run ends");
    let names = Names::from_iter(scenario.names());
    (Tape::new(provenance, names, recorder.into_answers()).expect("every node has a name"), trace)
}

fn scenario(faults: &str) -> Scenario {
    let scenario = Scenario::parse("doings", SCENARIO).expect("the file is documented");
    scenario.with_faults(faults).expect("the keys are documented")
}

/// For each kind of luck, faults that make it.
const FAULTS: [(&str, &[Topic]); 16] = [
    ("latency=20ms..2s", &[Topic::Latency]),
    ("loss=20%", &[Topic::Loss]),
    ("latency=20ms..2s,duplicate=30%", &[Topic::Duplicate, Topic::DuplicateLatency]),
    ("corrupt=20%", &[Topic::CorruptSeen]),
    ("corrupt_unseen=20%", &[Topic::CorruptUnseen, Topic::CorruptHow]),
    ("flap={ period = \"2s\", down = \"1s\", chance = \"30%\" },outside=hold", &[Topic::Flap]),
    ("isolation={ period = \"4s\", down = \"2s\", chance = \"30%\" }", &[Topic::Isolate]),
    ("crash=10%,down=1s..5s,amnesia=50%", &[Topic::CrashBefore, Topic::Down, Topic::Amnesia]),
    ("crash_after=10%,down=1s", &[Topic::CrashAfter]),
    ("pause=20%,pause_for=100ms..3s", &[Topic::Pause, Topic::PauseTime]),
    ("suspend=20%,suspend_for=100ms..3s", &[Topic::Suspend, Topic::SuspendTime]),
    ("slow=0s..200ms", &[Topic::Slow]),
    ("wall_step=20%,wall_step_by=-2s..2s", &[Topic::WallStep, Topic::WallStepSize]),
    ("wall_freeze=20%,wall_freeze_for=100ms..3s", &[Topic::WallFreeze, Topic::WallFreezeTime]),
    ("wall_year=20%", &[Topic::WallYear, Topic::WallYearBack]),
    ("disk_full=20%", &[Topic::DiskFull]),
];

#[test]
fn each_kind_of_luck_is_told_by_what_it_did_and_when() {
    let told: String = FAULTS.iter().map(|(faults, topics)| told(&scenario(faults), topics)).collect();
    expect![[r#"
        latency pacific -> atlantic #0 = 979 of 1000
            m0 from pacific to atlantic, sent at +1.000000s (e3: tell the others of pacific:1), is late: it arrives at +2.960360s (e13: receive pacific:1 from pacific)
        loss pacific -> atlantic #3 = 1 of 2
            m5 from pacific to atlantic, sent at +3.000000s (e17: offer all it holds to atlantic), is lost
        duplicate pacific -> atlantic #0 = 1 of 2
            m0 from pacific to atlantic, sent at +1.000000s (e3: tell the others of pacific:1), arrives twice: at +2.960360s (e14: receive pacific:1 from pacific) and at +2.960360s (e17: receive pacific:1 from pacific)
        duplicate-latency pacific -> atlantic #0 = 304 of 1000
            the second copy of m0 from pacific to atlantic, sent at +1.000000s (e3: tell the others of pacific:1), is late: it arrives at +2.960360s (e14: receive pacific:1 from pacific) and at +2.960360s (e17: receive pacific:1 from pacific)
        corrupt-seen atlantic -> pacific #1 = 1 of 2
            m4 from atlantic to pacific, sent at +2.000000s (e12: offer all it holds to pacific), is lost: bits flip on the way, and its checksum shows it
        corrupt-unseen pacific -> atlantic #7 = 1 of 2
            bits of m13 from pacific to atlantic, sent at +7.000000s (e32: offer all it holds to atlantic), flip on the way, and it cannot be read
        corrupt-how pacific -> atlantic #7 = 54317 of 65536
            what arrives of m13 from pacific to atlantic, sent at +7.000000s (e32: offer all it holds to atlantic), is damage number 54317
        flap atlantic -> pacific #4 = 1 of 2
            the link from atlantic to pacific is down in its 5th period: m16 (e39: offer all it holds to pacific) waits until +9.000000s
        isolate pacific -> pacific #0 = 1 of 2
            pacific is cut off from all others in the 1st period: m0 (e3: tell the others of pacific:1) waits until +2.000000s, m1 (e4: offer all it holds to atlantic) waits until +2.000000s
        crash-before pacific -> pacific #15 = 1 of 2
            pacific crashes at +9.931911s, and what had come to it is lost with it: m14 from atlantic to pacific, sent at +9.911911s (e29: offer all it holds to pacific); it is back at +10.000000s and remembers nothing
        down pacific -> pacific #15 = 185 of 1000
            pacific, which crashed at +9.931911s, stays down for longer than it need; it is back at +10.000000s and remembers nothing
        amnesia pacific -> pacific #15 = 1 of 2
            pacific loses its disk in its crash at +9.931911s; it is back at +10.000000s and remembers nothing
        crash-after pacific -> pacific #1 = 1 of 2
            pacific crashes at +1.000000s, right after e3 (tell the others of pacific:1), and nothing that it was about to send leaves; it is back at +2.000000s and knows what it saved as e3
        pause atlantic -> atlantic #2 = 1 of 2
            atlantic stops at +1.020000s for 2.462962s, and what comes meanwhile waits
        pause-time atlantic -> atlantic #2 = 814 of 1000
            the stop of atlantic at +1.020000s is longer than it need be
        suspend pacific -> pacific #11 = 1 of 2
            the machine of pacific falls asleep at +7.000000s for 877.977ms; what comes meanwhile waits, and its timers run out later
        suspend-time pacific -> pacific #11 = 268 of 1000
            the sleep of pacific at +7.000000s is longer than it need be
        slow pacific -> pacific #0 = 721 of 1000
            pacific takes 144.344ms for what comes at +0.000000s
        wall-step pacific -> pacific #1 = 1 of 2
            the wall clock of pacific jumps 1.672s ahead at +1.000000s
        wall-step-size pacific -> pacific #1 = 834 of 1000
            that jump of the wall clock of pacific at +1.000000s is larger than it need be
        wall-freeze pacific -> pacific #12 = 1 of 2
            the wall clock of pacific stands still for 1.333733s, beginning at +6.000000s
        wall-freeze-time pacific -> pacific #12 = 425 of 1000
            the wall clock of pacific stands still at +6.000000s for longer than it need
        wall-year pacific -> pacific #3 = 1 of 2
            the wall clock of pacific jumps 365 days ahead at +2.000000s
        wall-year-back pacific -> pacific #7 = 1 of 2
            that jump of the wall clock of pacific at +3.020000s is back, not ahead
        disk-full atlantic -> atlantic #0 = 1 of 2
            the disk of atlantic has no room for its 1st write at +1.020000s
    "#]].assert_eq(&told);
}

/// For each of these kinds of luck, a deviation as the tape writes it, and what is told of it.
fn told(scenario: &Scenario, topics: &[Topic]) -> String {
    let mut told = String::new();
    for topic in topics {
        let (seed, place) = first(scenario, *topic).unwrap_or_else(|| panic!("no {topic}"));
        let (tape, trace) = run(scenario, seed);
        told += &format!("{}\n    {}\n", deviations(&tape)[place], doings(&tape, &trace)[place]);
    }
    told
}

/// The first seed with a deviation of this kind that is told with its time, and the place of that.
fn first(scenario: &Scenario, topic: Topic) -> Option<(u64, usize)> {
    (0..200).find_map(|seed| {
        let (tape, trace) = run(scenario, seed);
        let told = doings(&tape, &trace);
        let mut answers = tape.answers().iter().zip(&told);
        let place =
            answers.position(|(answer, told)| answer.question().topic == topic && told.contains(" +"))?;
        Some((seed, place))
    })
}

/// What a crash does to a disk on which nobody waits.
const DISKS: &[Topic] =
    &[Topic::Unsynced, Topic::Torn, Topic::UnsyncedWrites, Topic::BitRot, Topic::BitRotPlace];

#[test]
fn no_kind_of_luck_is_without_a_row() {
    let rows = FAULTS.iter().flat_map(|(_, topics)| topics.iter());
    let rows: Vec<_> = rows.chain(DISKS).collect();
    let missing: Vec<_> = Topic::ALL.iter().filter(|topic| !rows.contains(topic)).collect();
    assert!(missing.is_empty(), "{missing:?} have no row in `FAULTS`");
}

#[test]
fn what_a_crash_does_to_a_disk_is_told() {
    let mut scenario = scenario("crash=10%,down=1s,unsynced=100%,bit_rot=50%");
    scenario.sync = DiskSync::Never;
    let told = told(&scenario, DISKS);
    expect![[r#"
        unsynced pacific -> pacific #16 = 1 of 2
            the crash of pacific at +7.020000s harms what it had written and not synced
        torn atlantic -> atlantic #18 = 2 of 8
            the crash of atlantic at +8.000000s tears the last write that is left: 3 eighths of it are lost
        unsynced-writes atlantic -> atlantic #6 = 1 of 2
            the crash of atlantic at +3.000000s loses 1 write beside the one that it tears
        bit-rot pacific -> pacific #16 = 1 of 2
            a bit on the disk of pacific has flipped when its restart at +8.020000s reads it
        bit-rot-place pacific -> pacific #16 = 81 of 544
            the bit that has flipped on the disk of pacific at +8.020000s is number 81
    "#]]
    .assert_eq(&told);
}

#[test]
fn what_the_trace_does_not_show_is_told_without_a_time() {
    let trace = Trace::new(["pacific", "atlantic"]).expect("two names");
    let mut told = String::new();
    for topic in Topic::ALL {
        let is_of_links = topic.number() < Topic::Isolate.number();
        let target = NodeId::new(u32::from(is_of_links));
        let question = Question { topic: *topic, source: NodeId::new(0), target, nth: 2 };
        let answer = Answer::new(question, 1, NonZeroU32::new(2).expect("it is not 0"));
        let answers: Answers = answer.into_iter().collect();
        let names = ["pacific", "atlantic"].into_iter().collect();
        let tape = Tape::new(Provenance::new("none", "0", 1), names, answers).expect("it is short");
        let [line] = &doings(&tape, &trace)[..] else { panic!("one deviation, one line") };
        assert!(!line.is_empty() && !line.contains('+'), "{topic}: {line}");
        told += &format!("{topic}: {line}\n");
    }
    expect![[r#"
        latency: the 3rd message from pacific to atlantic is late
        loss: the 3rd message from pacific to atlantic is lost
        duplicate: the 3rd message from pacific to atlantic arrives twice
        duplicate-latency: the second copy of the 3rd message from pacific to atlantic is late
        corrupt-seen: the 3rd message from pacific to atlantic is lost: bits flip on the way, and its checksum shows it
        corrupt-unseen: bits of the 3rd message from pacific to atlantic flip on the way, and no checksum sees it: another message arrives
        corrupt-how: what arrives of the 3rd message from pacific to atlantic is damage number 1
        flap: the link from pacific to atlantic is down in its 3rd period
        isolate: pacific is cut off from all others in the 3rd period
        crash-before: pacific crashes before it works on its 3rd input, which is lost
        crash-after: pacific crashes after its 3rd input, before anything that it sends leaves
        down: after its crash at its 3rd input pacific stays down for longer than it need
        amnesia: in its crash at its 3rd input pacific loses its disk
        pause: pacific stops before its 3rd input, and what comes meanwhile waits
        pause-time: the stop of pacific before its 3rd input is longer than it need be
        suspend: the machine of pacific falls asleep before its 3rd input; what comes meanwhile waits, and its timers run out later
        suspend-time: the sleep of pacific before its 3rd input is longer than it need be
        slow: pacific takes longer for its 3rd input
        wall-step: the wall clock of pacific jumps before its 3rd input
        wall-step-size: that jump of the wall clock of pacific before its 3rd input is larger than it need be
        disk-full: the disk of pacific has no room for its 3rd write
        unsynced: the crash of pacific harms what it had written and not synced
        torn: the crash of pacific tears the last write that is left: 2 eighths of it are lost
        bit-rot: a bit on the disk of pacific has flipped when its restart reads it
        bit-rot-place: the bit that has flipped on the disk of pacific is number 1
        unsynced-writes: the crash of pacific loses 1 write beside the one that it tears
        wall-freeze: the wall clock of pacific stands still, beginning before its 3rd input
        wall-freeze-time: the wall clock of pacific stands still before its 3rd input for longer than it need
        wall-year: the wall clock of pacific jumps 365 days ahead or back before its 3rd input
        wall-year-back: that jump of the wall clock of pacific before its 3rd input is back, not ahead
    "#]].assert_eq(&told);
}

#[test]
fn a_crash_that_is_planned_is_not_told_as_luck() {
    let crashes = "[[steps]]\nat = \"3.333s\"\ndo = \"crash\"\nnode = \"pacific\"\n";
    let planned = Scenario::parse("doings", &format!("{SCENARIO}{crashes}")).expect("it is documented");
    let planned = planned.with_faults("crash=10%,down=1s").expect("the keys are documented");
    for seed in 0..20 {
        let (tape, trace) = run(&planned, seed);
        for (answer, told) in tape.answers().iter().zip(doings(&tape, &trace)) {
            assert!(
                !told.contains("at +3.333"),
                "seed {seed}: {} is told as: {told}",
                answer.show(tape.names())
            );
        }
    }
}

/// Whatever else goes wrong, a message that is told as lost is lost, one that is told as late arrives when it is told to, and
/// a crash that has a time is one.
#[test]
fn what_is_told_of_a_deviation_is_in_the_trace() {
    let faults =
        "latency=20ms..2s,loss=10%,duplicate=10%,order=free,crash=3%,crash_after=3%,down=100ms..3s,pause=5%";
    let text = format!(
        "{SCENARIO}[[steps]]\nat = \"3s\"\ndo = \"partition\"\nbetween = [[\"pacific\"], [\"atlantic\"]]\n\
         [[steps]]\nat = \"6s\"\ndo = \"heal\"\n"
    );
    let scenario = Scenario::parse("doings", &text).expect("the file is documented");
    let scenario = scenario.with_faults(faults).expect("the keys are documented");
    let mut checked = [0; 3];
    for seed in 0..60 {
        let (tape, trace) = run(&scenario, seed);
        for (answer, told) in tape.answers().iter().zip(doings(&tape, &trace)) {
            let question = answer.question();
            let message = told.split(' ').next().unwrap_or_default();
            let is_lost = trace
                .nemesis()
                .iter()
                .any(|entry| matches!(entry.nemesis, Nemesis::Lose(lost, _) if lost.to_string() == message));
            let is_twice = trace.nemesis().iter().any(
                |entry| matches!(entry.nemesis, Nemesis::Duplicate(twice) if twice.to_string() == message),
            );
            match question.topic {
                Topic::Loss => {
                    assert!(is_lost && told.ends_with("is lost"), "seed {seed}: {told}");
                    checked[0] += 1;
                }
                Topic::Duplicate => {
                    assert!(is_twice, "seed {seed}: {told}");
                    checked[1] += 1;
                }
                Topic::CrashBefore | Topic::CrashAfter if told.contains("crashes at +") => {
                    let crashes = trace.event_ids().filter(|id| {
                        trace.event(*id).kind == Kind::Crash && trace.node_of(*id) == question.source
                    });
                    let at = |id| format!("crashes at {}", trace.event(id).at);
                    let is_there = crashes.into_iter().any(|id| told.contains(&at(id)));
                    assert!(is_there, "seed {seed}: {told}");
                    checked[2] += 1;
                }
                _ => {}
            }
        }
    }
    assert!(checked.iter().all(|count| *count > 50), "{checked:?}: this test sees little");
}
