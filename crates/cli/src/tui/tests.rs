//! Keys go in, screens come out.

#![allow(clippy::too_many_lines, reason = "a table of keys and screens is read in one piece")]

use std::collections::BTreeSet;
use std::fs;

use constellation_lab::{Resolver, Run, Scenario, incidents};
use constellation_report::text::Letters;
use constellation_trace::format::jsonl;
use constellation_trace::{
    Action, Entry, EventId, Judgement, NodeId, Trace, TrueTime, Verdict, is_obeyed, sketch,
};
use expect_test::{Expect, expect};
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use ratatui::style::Color;

use super::follow::{Follower, Look};
use super::keys::{Flow, KEYS, press};
use super::paint;
use super::view::{Scale, Side, Theme, View};

/// What a screen of that size shows.
fn painted(view: &mut View<'_>, (width, height): (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).expect("it is in memory");
    let drawn = terminal.draw(|frame| {
        let area = frame.area();
        paint::fit(view, area);
        paint::draw(view, area, frame.buffer_mut());
    });
    drawn.expect("it is in memory");
    terminal.backend().buffer().clone()
}

fn screen(view: &mut View<'_>, size: (u16, u16)) -> String {
    let buffer = painted(view, size);
    let row = |y: u16| {
        let mut line = String::new();
        let mut x = 0;
        while x < size.0 {
            let symbol = buffer[(x, y)].symbol();
            line.push_str(symbol);
            // A wide letter covers the cell behind it.
            x += u16::try_from(unicode_width::UnicodeWidthStr::width(symbol).max(1)).expect("two at most");
        }
        format!("{}\n", line.trim_end())
    };
    (0..size.1).map(row).collect()
}

/// Types keys: letters as they are, others by name in angle brackets.
fn typed(view: &mut View<'_>, keys: &str) {
    if view.state.columns == 0 {
        painted(view, (100, 30));
    }
    let mut rest = keys;
    while let Some(letter) = rest.chars().next() {
        let named = rest.strip_prefix('<').and_then(|rest| rest.split_once('>'));
        let (code, behind) = match named {
            Some(("left", behind)) => (KeyCode::Left, behind),
            Some(("right", behind)) => (KeyCode::Right, behind),
            Some(("up", behind)) => (KeyCode::Up, behind),
            Some(("down", behind)) => (KeyCode::Down, behind),
            Some(("enter", behind)) => (KeyCode::Enter, behind),
            Some(("esc", behind)) => (KeyCode::Esc, behind),
            Some(("home", behind)) => (KeyCode::Home, behind),
            Some(("end", behind)) => (KeyCode::End, behind),
            _ => (KeyCode::Char(letter), &rest[letter.len_utf8()..]),
        };
        assert_eq!(press(view, KeyEvent::new(code, KeyModifiers::NONE)), Flow::On, "{keys}");
        rest = behind;
    }
}

fn overwrite() -> Run {
    let incident = incidents::find("mss-17").expect("it is shipped");
    let mut scenario = Scenario::parse(incident.name, incident.text).expect("it is shipped");
    scenario.resolver = Resolver::NAMES.iter().find(|(name, _)| *name == "wall-lww").expect("it is one").1;
    Run::of(&scenario, 1, "").expect("it is shipped")
}

fn view<'t>(run: &'t Run, letters: Letters) -> View<'t> {
    View::new(&run.trace, &run.judgements, "mss-17 seed 1".to_owned(), letters)
}

fn of<'t>(trace: &'t Trace, judgements: &'t [Judgement]) -> View<'t> {
    View::new(trace, judgements, "a sketch".to_owned(), Letters::Unicode)
}

fn small() -> Trace {
    sketch::parse("pacific  a m! b n! z\nindian   c m? d n?\natlantic  q CRASH RESTART y").expect("a sketch")
}

fn check(view: &mut View<'_>, size: (u16, u16), expected: Expect) {
    expected.assert_eq(&screen(view, size));
}

#[test]
fn a_run_opens_where_its_violation_is_shown() {
    let run = overwrite();
    check(
        &mut view(&run, Letters::Unicode),
        (100, 30),
        expect![[r#"
            ✗ violated  mss-17 seed 1  40 events, 4 nodes, 9 messages
            pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; …
            ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━▼━━━━▼━━━━━━━━━━────▼────────────────────────────────▼─▼──▼────
            pacific      ▏e0━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━○e9━◇━━━▏━━━━━━━━━━━━━━━◆!══●═══════════┬══════════
                                                             ▲                                       │
            indian_ocean ┈┈┈┈▏e1┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○e6┈◇e7┈▏e8┈┼┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈◆!┈┈●┈┈┈┼┈┈┈┈┈┈┈┈┈┈
                                                 ▲           │                                       ▼
            atlantic     ┈┈┈┈┈┈┈┈▏e2━━━━━◆e4━●e5┈┴┈┈┈┈┈┈┈┈┈┈┈┴┈┈┈┈┈┈┈┈┈┈┈┬┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○═══◇══════
                                                                         ▼
            antarctic    ┈┈┈┈┈┈┈┈┈┈┈┈▏e3┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○┈┈┈◇┈┈┈▏┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
                         +0.000000s          +0.500000s          +0.552512s          ▲e15
            e15  pacific  +3.828000s
            submit mss-17/attitude = "yaw +2.0" as pacific:1
              lamport 3
              vector {atlantic:1 pacific:2}
              wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
            ━ 7 before   ═ 22 after   ┈ 10 concurrent
            ! shows a violation: no update is lost: a read shows all it knows that nothing supersedes











            ? keys  ← → ↑ ↓ walk  [ ] message  Enter compare  W S zoom  N violation  E explain  / search  Q lea…
        "#]],
    );
}

#[test]
fn in_plain_ascii_past_future_and_concurrent_have_letters_of_their_own() {
    let run = overwrite();
    let mut view = view(&run, Letters::Ascii);
    view.state.theme = Theme::Plain;
    let shown = screen(&mut view, (100, 24));
    assert!(shown.is_ascii(), "{shown}");
    expect![[r#"
        x violated  mss-17 seed 1  40 events, 4 nodes, 9 messages
        pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; ~
        =====================================v====v==========----v--------------------------------v-v--v----
        pacific      |e0<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<<oe9<r<<<|<<<<<<<<<<<<<<<W!>>*>>>>>>>>>>>+>>>>>>>>>>
                                                         ^                                       |
        indian_ocean ....|e1.................oe6.re7.|e8.|...............................W!..*...|..........
                                             ^           |                                       v
        atlantic     ........|e2<<<<<We4<*e5.+...........+...........+...........................o>>>r>>>>>>
                                                                     v
        antarctic    ............|e3.................................o...r...|..............................
                     +0.000000s          +0.500000s          +0.552512s          ^e15
        e15  pacific  +3.828000s
        submit mss-17/attitude = "yaw +2.0" as pacific:1
          lamport 3
          vector {atlantic:1 pacific:2}
          wall 2026-03-14T04:11:59.428Z (600 ms ahead of the truth)
        < 7 before   > 22 after   . 10 concurrent
        ! shows a violation: no update is lost: a read shows all it knows that nothing supersedes





        ? keys  <- -> up down walk  [ ] message  Enter compare  W S zoom  N violation  E explain  / search ~
    "#]]
    .assert_eq(&shown);
}

#[test]
fn two_events_are_compared_and_each_clock_with_the_oracle() {
    let run = overwrite();
    let mut view = view(&run, Letters::Unicode);
    typed(&mut view, "/e15<enter><enter>/e17<enter>");
    check(
        &mut view,
        (100, 36),
        expect![[r#"
            ✗ violated  mss-17 seed 1  40 events, 4 nodes, 9 messages
            pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; …
            ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━▼━━━━▼━━━━━━━━━━────▼────────────────────────────────▼─▼──▼────
            pacific      ▏e0┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○e9┈◇┈┈┈▏┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈◆!┈┈●┈┈┈┈┈┈┈┈┈┈┈┬┈┈┈┈┈┈┈┈┈┈
                                                             ▲                                       │
            indian_ocean ┈┈┈┈▏e1━━━━━━━━━━━━━━━━━○e6━◇e7━▏e8━┼━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━◆!══●═══┼══════════
                                                 ▲           │                                       ▼
            atlantic     ┈┈┈┈┈┈┈┈▏e2━━━━━◆e4━●e5┈┴┈┈┈┈┈┈┈┈┈┈┈┴┈┈┈┈┈┈┈┈┈┈┈┬┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○┈┈┈◇┈┈┈┈┈┈
                                                                         ▼
            antarctic    ┈┈┈┈┈┈┈┈┈┈┈┈▏e3┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○┈┈┈◇┈┈┈▏┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈
                         +0.000000s          +0.500000s          +0.552512s          △e15    ▲e17
            e17  indian_ocean  +5.012000s
            submit mss-17/attitude = "yaw -1.5" as indian_ocean:1
              lamport 3
              vector {atlantic:1 indian_ocean:2}
              wall 2026-03-14T04:12:00.012Z
            ━ 7 before   ═ 16 after   ┈ 16 concurrent
            ! shows a violation: no update is lost: a read shows all it knows that nothing supersedes

            neither e15 nor e17 came first: they are concurrent
              no chain of messages leads from one to the other, nor back
            is e15 before e17? clock against oracle
              oracle   concurrent
              lamport  concurrent             ✓ as it was
              vector   concurrent             ✓ as it was
              wall     before                 ✗ an order where there is none









            e17 matches e17; / and Enter for the next
        "#]],
    );
    typed(&mut view, "/e36<enter>");
    let chain = view.chain.clone().expect("e15 is known at its own node");
    assert_eq!(chain.first().map(EventId::to_string), Some("e15".to_owned()));
    typed(&mut view, "<esc>");
    assert_eq!(view.state.pinned, None);
}

#[test]
fn what_is_explained_is_drawn_and_the_rest_is_dimmed() {
    let run = overwrite();
    let mut view = view(&run, Letters::Unicode);
    typed(&mut view, "ef");
    check(
        &mut view,
        (100, 32),
        expect![[r#"
            ✗ violated  mss-17 seed 1  40 events, 4 nodes, 9 messages
            pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written concurrently; …
            ────────────────────────────────━━━━━▼━━━━▼━━━━━━━━━━━━━━▼━━━━━━━━━━━━━━━━━━━━━━━━━━━━────▼─▼──▼────
            pacific      ━━━━━━━━◆!══●═══════════┬═══════════┬═══════┬═══════════○═══◇═══▏══════════════════════
                                                 │           ▼       │           ▲
            indian_ocean ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈◆!┈┈●┈┈┈┼┈┈┈┈┈┈┈┈┈┈┈○═══◇!══┼═══════════┴═══════════┬═══════════┬══════
                                                 ▼                   │                       ▼           │
            atlantic     ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○═══◇═══▏═══════════┼═══════════════════════○═══◇═══▏═══┼══════
                                                                     ▼                                   ▼
            antarctic    ◇┈┈┈▏┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈○═══◇═══▏═══════════════════════════○══════
                                 ▲e15        +5.012000s          +5.022884s          +5.053061s
            ✗ violated no update is lost: a read shows all it knows that nothing supersedes
            expected  indian_ocean shows pacific:1 under mss-17/attitude: it is known there and not superseded
            found     pacific:1 is lost: indian_ocean:1 displaced it silently, though the two were written conc…
            pacific       ▏e15!─●e16────────────────────
                                └────m3─────▼
            indian_ocean  ────────────▏e17!─○e22──▏e23!─  ← e17 before e23
                          ● sends  ○ delivers  ▏ local  ! shows it  not to scale
                          neither e15 nor e17 came first: they are concurrent












            ? keys  ← → ↑ ↓ walk  [ ] message  Enter compare  W S zoom  N violation  E explain  / search  Q lea…
        "#]],
    );
}

#[test]
fn a_wide_screen_has_its_panel_at_the_side() {
    let trace = small();
    check(
        &mut of(&trace, &[]),
        (150, 14),
        expect![[r#"
            ? unknown  a sketch  13 events, 3 nodes, 2 messages
            Nothing was promised of this run, so nothing was judged.
            ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
            pacific  ▏e0═●e1═▏e2═●e3═▏e4═════┬═══════┬═══════════════════                            e0  pacific  +0.001000s
                                             ▼       ▼                                               a
            indian   ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▏e5┈○e6═▏e7═○e8═════════════════                            ━ 0 before   ═ 7 after   ┈ 5 concurrent

            atlantic ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▏e9┈✕   ↻┈┈┈▏┈┈┈
                     ▲e0                 +0.006000s          +0.011000s




            ? keys  ← → ↑ ↓ walk  [ ] message  Enter compare  W S zoom  N violation  E explain  / search  Q leave
        "#]],
    );
}

#[test]
fn arrows_walk_along_lanes_and_across_and_brackets_follow_messages() {
    let trace = small();
    let mut view = of(&trace, &[]);
    painted(&mut view, (100, 24));
    let mut walked = Vec::new();
    for keys in [
        "<home>", "<right>", "]", "<right>", "[", "<down>", "<down>", "<down>", "<up>", "<end>", "<right>",
        "<left>",
    ] {
        typed(&mut view, keys);
        let event = view.selected().expect("there are some");
        walked.push(format!("{keys} {event} {}", trace.witness(event).process));
    }
    expect![[r#"
        <home> e0 pacific
        <right> e1 pacific
        ] e6 indian
        <right> e7 indian
        [ e7 indian
        <down> e9 atlantic
        <down> e9 atlantic
        <down> e9 atlantic
        <up> e8 indian
        <end> e12 atlantic#1
        <right> e12 atlantic#1
        <left> e11 atlantic#1"#]]
    .assert_eq(&walked.join("\n"));
}

#[test]
fn a_search_finds_the_next_match_and_says_what_it_cannot_understand() {
    let run = overwrite();
    let mut view = view(&run, Letters::Unicode);
    painted(&mut view, (100, 30));
    let mut found = Vec::new();
    for query in [
        "yaw -1.5",
        "DISCARDED",
        "kind=crash",
        "kind=planet",
        "m3",
        "node=antarctic kind=receive",
        "concurrent:e15 kind=write",
        "before:e17",
        "after:e99999",
        "after:x",
        "nothing of the kind",
    ] {
        typed(&mut view, &format!("/{query}<enter>"));
        found.push(format!("{query}: {}", view.state.told));
    }
    typed(&mut view, "/yaw<enter>");
    let first = view.selected();
    typed(&mut view, "/<enter>");
    assert_ne!(view.selected(), first);
    expect![[r#"
        yaw -1.5: e17 matches yaw -1.5; / and Enter for the next
        DISCARDED: e23 matches DISCARDED; / and Enter for the next
        kind=crash: nothing matches kind=crash
        kind=planet: kind= wants one of local, send, receive, persist, crash, restart, write, read, invoke, complete, lost
        m3: e16 matches m3; / and Enter for the next
        node=antarctic kind=receive: e24 matches node=antarctic kind=receive; / and Enter for the next
        concurrent:e15 kind=write: e17 matches concurrent:e15 kind=write; / and Enter for the next
        before:e17: e1 matches before:e17; / and Enter for the next
        after:e99999: nothing matches after:e99999
        after:x: after: wants an event, such as after:e15
        nothing of the kind: nothing matches nothing of the kind"#]].assert_eq(&found.join("\n"));
}

#[test]
fn every_violation_is_reached_by_one_key_with_the_ids_that_json_and_pictures_have() {
    let run = overwrite();
    let mut view = view(&run, Letters::Unicode);
    let shown = |verdict: &Verdict| match verdict {
        Verdict::Violated(evidence) => evidence.events.iter().map(|witness| witness.event).collect(),
        _ => Vec::new(),
    };
    let wanted: BTreeSet<EventId> =
        run.judgements.iter().flat_map(|judgement| shown(&judgement.verdict)).collect();
    let mut met = BTreeSet::new();
    for _ in 0..wanted.len() {
        typed(&mut view, "n");
        let event = view.selected().expect("there are some");
        let text = screen(&mut view, (100, 36));
        assert!(text.contains("✗ violated") && text.contains(&format!("{event}  ")), "{text}");
        assert!(text.contains("! shows a violation: "), "{text}");
        met.insert(event);
    }
    assert_eq!(met, wanted);
    typed(&mut view, "N");
    assert!(view.selected().is_some_and(|event| wanted.contains(&event)));
}

#[test]
fn the_help_names_every_key() {
    let trace = small();
    let mut view = of(&trace, &[]);
    typed(&mut view, "?");
    let text = screen(&mut view, (110, 60));
    for (keys, does) in KEYS {
        assert!(text.contains(keys) && text.contains(does), "{keys}: {does}\n{text}");
    }
    typed(&mut view, "x");
    assert!(!screen(&mut view, (110, 60)).contains(KEYS[0].1));
    let ctrl_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    assert_eq!(press(&mut view, ctrl_c), Flow::Quit);
    assert_eq!(press(&mut view, KeyEvent::new(KeyCode::Char('q'), KeyModifiers::NONE)), Flow::Quit);
}

#[test]
fn zoomed_out_lanes_show_how_much_there_is() {
    let words: Vec<String> = (0..300).map(|nth| format!("a{nth}")).collect();
    let trace =
        sketch::parse(&format!("pacific {} m!\nindian m? {}", words.join(" "), words[..20].join(" ")))
            .expect("a sketch");
    let mut view = of(&trace, &[]);
    painted(&mut view, (60, 14));
    typed(&mut view, "/m0<enter>0");
    check(
        &mut view,
        (60, 14),
        expect![[r#"
            ? unknown  a sketch  322 events, 2 nodes, 1 message
            Nothing was promised of this run, so nothing was judged.
            ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━
            pacific █████████████████████████████████████▓═══

            indian  ┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈┈▒██▒
                    +0.001000s        +0.145000s         ▲e300
            e300  pacific  +0.301000s
            m!
            sends m0 to indian, arrives as e301
            ━ 300 before   ═ 21 after   ┈ 0 concurrent


            e300 matches m0; / and Enter for the next
        "#]],
    );
    assert_eq!(view.state.scale, Scale { wide: 1, many: 8 });
    typed(&mut view, "wwwwww");
    assert_eq!(view.state.scale, Scale { wide: 4, many: 1 });
    assert!(view.selected().and_then(|event| view.column(event)).is_some(), "what is chosen stays in view");
    typed(&mut view, "sssssssssssss");
    assert_eq!(view.state.scale, Scale { wide: 1, many: 8 }, "farther out there is nothing more");
}

#[test]
fn colours_mean_past_and_future_and_there_are_none_where_none_are_wanted() {
    let trace = small();
    let mut view = of(&trace, &[]);
    typed(&mut view, "/m?<enter>");
    let colours = |buffer: &Buffer| {
        let cells = buffer.content().iter().map(|cell| cell.fg);
        cells
            .filter(|colour| *colour != Color::Reset)
            .map(|colour| format!("{colour:?}"))
            .collect::<BTreeSet<_>>()
    };
    let dark = colours(&painted(&mut view, (100, 24)));
    assert!(dark.contains("Indexed(75)") && dark.contains("Indexed(248)"), "{dark:?}");
    typed(&mut view, "t");
    assert!(colours(&painted(&mut view, (100, 24))).contains("Indexed(25)"));
    typed(&mut view, "t");
    assert_eq!(colours(&painted(&mut view, (100, 24))), BTreeSet::new());
    let [first, last] = ["a", "n?"].map(|word| sketch::find(&trace, word).expect("in the sketch"));
    assert_eq!((view.side(first), view.side(last)), (Some(Side::Past), Some(Side::Future)));
}

#[test]
fn whatever_a_node_or_an_event_is_called_a_screen_obeys_none_of_it() {
    let wild =
        ["\u{1b}[31mred", "\u{202e}krad", "北極", "__proto__", "a\u{200d}b\u{fe0f}", &"x".repeat(1 << 16)];
    let mut trace = Trace::new(wild).expect("different names");
    for (nth, label) in (0..).zip(wild) {
        let at = TrueTime::from_ns(u64::from(nth));
        let entry = Entry { label, ..Entry::new(NodeId::new(nth), at, Action::Local) };
        trace.record(entry).expect("a node of the trace");
    }
    for letters in [Letters::Unicode, Letters::Ascii] {
        let mut view = View::new(&trace, &[], wild[1].to_owned(), letters);
        for keys in ["", "<right>", "<down><down>", "/\u{1b}\u{202e}<enter>", "?", "x<end>"] {
            typed(&mut view, keys);
            for size in [(100, 30), (150, 20), (31, 9), (10, 3), (1, 1)] {
                let text = screen(&mut view, size);
                assert!(!text.replace('\n', "").contains(is_obeyed), "{text:?}");
                assert!(letters == Letters::Unicode || text.is_ascii(), "{text}");
            }
        }
    }
}

#[test]
fn a_run_in_which_nothing_happens_is_no_reason_to_fall_over() {
    let trace = Trace::new(["pacific"]).expect("one name");
    let mut view = of(&trace, &[]);
    for keys in ["", "<left><right><up><down>[]", "wsadf0nNet", "/x<enter>", "<enter>", "<home><end>"] {
        typed(&mut view, keys);
        assert!(screen(&mut view, (80, 24)).contains("nothing happened"), "{keys}");
    }
}

#[test]
fn in_a_run_that_has_grown_a_reader_stands_where_he_stood() {
    let trace = small();
    let mut view = of(&trace, &[]);
    painted(&mut view, (100, 24));
    typed(&mut view, "/kind=crash<enter><enter><end>");
    let (pinned, selected) = (view.state.pinned, view.selected());
    let state = std::mem::take(&mut view.state);
    let mut grown = of(&trace, &[]);
    grown.resume(state);
    assert_eq!((grown.state.pinned, grown.selected()), (pinned, selected));
    let shorter = sketch::parse("pacific a").expect("a sketch");
    let mut other = of(&shorter, &[]);
    other.resume(std::mem::take(&mut grown.state));
    assert_eq!(other.state.pinned, None);
    assert!(screen(&mut other, (80, 24)).contains("pacific"));
}

#[test]
fn what_is_followed_is_read_when_it_changes_and_of_a_folder_the_newest() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("it.jsonl");
    let mut bytes = Vec::new();
    jsonl::write(&small(), &mut bytes).expect("it is in memory");
    let mut follower = Follower::new(&file);
    assert!(matches!(follower.look(), Look::Same), "it is not there yet");
    fs::write(&file, &bytes).expect("the folder is ours");
    assert!(matches!(follower.look(), Look::New(trace, _) if *trace == small()));
    assert!(matches!(follower.look(), Look::Same), "it has not changed");
    fs::write(&file, b"{\"no\": \"trace\"}\n").expect("the folder is ours");
    assert!(matches!(follower.look(), Look::Unreadable(why) if why.contains("it.jsonl")));
    let mut of_folder = Follower::new(folder.path());
    fs::write(folder.path().join("it.tape"), b"no trace").expect("the folder is ours");
    fs::write(&file, &bytes).expect("the folder is ours");
    assert!(matches!(of_folder.look(), Look::New(_, path) if path == file));
    assert!(matches!(of_folder.look(), Look::Same));
}

#[test]
fn a_quarter_of_a_million_events_are_walked_as_a_few_are() {
    let names = ["a", "b", "c", "d"];
    let mut trace = Trace::new(names).expect("different names");
    let mut sent = None;
    for nth in 0..250_000_u32 {
        let node = NodeId::new(nth % 4);
        let sends = [NodeId::new((nth + 1) % 4)];
        let action = sent.map_or(Action::Local, Action::Receive);
        let sends = if nth % 2 == 0 { &sends[..] } else { &[] };
        let entry = Entry { sends, ..Entry::new(node, TrueTime::from_ns(u64::from(nth)), action) };
        let event = trace.record(entry).expect("what was sent arrives");
        sent = trace.event(event).sends.iter().next();
    }
    let mut view = of(&trace, &[]);
    typed(&mut view, "0");
    assert_eq!(view.state.scale, Scale { wide: 1, many: 4_096 });
    assert!(screen(&mut view, (100, 20)).contains("▓▓▓▓"));
    typed(&mut view, "<end>");
    assert_eq!(view.counts(), Some([124_999, 0, 125_000]));
    typed(&mut view, "<enter>[");
    assert_eq!(view.chain.as_ref().map(Vec::len), Some(2));
    typed(&mut view, "<home>");
    assert_eq!(view.chain, None, "what happens at a is not known at d");
    typed(&mut view, "wwwwwwwwwwwwww/kind=receive node=d<enter>");
    assert_eq!(view.selected(), Some(EventId::new(3)));
    assert!(screen(&mut view, (100, 20)).contains("▲e3"));
    typed(&mut view, "/kind=crash<enter>");
    assert_eq!(view.state.told, "nothing up to e200003 matches kind=crash; / and Enter goes on");
    typed(&mut view, "/<enter>");
    assert_eq!(view.state.told, "nothing matches kind=crash");
}
