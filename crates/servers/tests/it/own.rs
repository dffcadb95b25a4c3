//! A store of the user's own: its example adapters say what they should, and whatever an adapter does wrong is told.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::AtomicBool;
use std::thread;

use constellation_lab::placement::client::{Answer, Ask};
use constellation_lab::placement::own::OwnStore;
use constellation_servers::adapter::{Said, ask_line, read_said};
use constellation_servers::place::{Doubt, Real, RealError, place};
use constellation_servers::rounds::Effort;
use constellation_servers::server::Server as _;
use constellation_servers::servers::own::Own;

/// Says past the harness, which keeps what tests print that pass, that a test was none.
fn skipped(reason: &str) {
    drop(writeln!(std::io::stderr(), "skipped: {reason}"));
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/own-store")
}

/// What answers one connection by these lines, one for each that comes, and then closes it; gives its address.
fn answering(lines: &'static [&'static str]) -> String {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let address = listener.local_addr().expect("it is bound").to_string();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("somebody comes");
        let mut asked = BufReader::new(stream.try_clone().expect("there are descriptors")).lines();
        for line in lines {
            if asked.next().is_none() || stream.write_all(line.as_bytes()).is_err() {
                break;
            }
        }
        // What comes next is read, and nothing is said of it.
        drop(asked.next());
    });
    address
}

/// What an example adapter answers to these, one after the other.
fn answers(mut command: Command, asks: &[Ask], writes: &str, reads: &str) -> Vec<Said> {
    let command = command.args([writes, reads]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut adapter = command.spawn().expect("it can be started");
    let mut input = adapter.stdin.take().expect("it is a pipe");
    for (id, ask) in (0..).zip(asks) {
        input.write_all(ask_line(id, 0, ask).as_bytes()).expect("it reads");
    }
    drop(input);
    let output = adapter.wait_with_output().expect("it ends with its input");
    let text = String::from_utf8(output.stdout).expect("it is JSON");
    text.lines().map(|line| read_said(line).expect("it is what an adapter says")).collect()
}

fn check_example(command: impl Fn() -> Command) {
    let writes = answering(&["+OK\r\n", "-READONLY you cannot\r\n"]);
    let reads = answering(&["$1\r\n7\r\n", "$-1\r\n"]);
    let asks =
        [Ask::write("k", 7), Ask::write("k", 8), Ask::write("k", 9), Ask::read("k"), Ask::read("other")];
    let said = answers(command(), &asks, &writes, &reads);
    let [Said::Ready(1), Said::Answer(0, first), Said::Answer(1, second), Said::Answer(2, third), ..] =
        &said[..]
    else {
        panic!("{said:?}");
    };
    assert_eq!((first, second), (&Answer::DONE, &Answer::Refused("READONLY you cannot".to_owned())));
    assert!(matches!(third, Answer::Unknown(_)), "what was sent and not answered: {third:?}");
    assert_eq!(said[4..], [Said::Answer(3, Answer::shows([7])), Said::Answer(4, Answer::Ok(vec![]))]);
    // Nobody listens there.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let nobody = listener.local_addr().expect("it is bound").to_string();
    drop(listener);
    let said = answers(command(), &[Ask::write("k", 7)], &nobody, &nobody);
    assert!(matches!(&said[1], Said::Answer(0, Answer::Refused(_))), "{said:?}");
}

#[test]
fn the_example_adapter_in_python_knows_refused_from_unknown() {
    if Command::new("python3").arg("--version").stdout(Stdio::null()).status().is_err() {
        skipped("there is no python3");
        return;
    }
    check_example(|| {
        let mut command = Command::new("python3");
        command.arg(here().join("adapter.py"));
        command
    });
}

#[test]
fn the_example_adapter_in_rust_knows_refused_from_unknown() {
    let servant = Path::new(env!("CARGO_BIN_EXE_servers-servant"));
    let example = servant.with_file_name("examples").join("own-store-adapter");
    if !example.exists() {
        skipped(&format!("`cargo build -p constellation-servers --examples` builds {}", example.display()));
        return;
    }
    check_example(|| Command::new(&example));
}

#[test]
fn the_example_description_can_be_used() {
    let text = std::fs::read_to_string(here().join("store.toml")).expect("it is there");
    let own = Own::new(OwnStore::parse(&text).expect("it can be used"), here());
    let programs: Vec<String> = own.info().needs.into_iter().map(|need| need.program).collect();
    assert_eq!(programs, ["redis-server", "python3"]);
}

/// What is said of a store whose client is this script, before anything is measured; `None` where namespaces are refused.
fn said_of(script: &str) -> Option<String> {
    let text = format!(
        "name = \"wrong\"\nready_within = \"2s\"\nstart = [\"sleep\", \"1000\"]\nadapter = [\"sh\", \"-c\", {script:?}]\n"
    );
    let store = OwnStore::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let (own, stop) = (Own::new(store, here()), AtomicBool::new(false));
    let mode = own.info().modes.remove(0);
    let program = env!("CARGO_BIN_EXE_servers-servant").into();
    let real = Real { server: &own, mode, effort: Effort::Quick, program, stop: &stop };
    said_by(&real)
}

fn said_by(real: &Real<'_>) -> Option<String> {
    match place(real, |_| ()) {
        Ok(placed) => panic!("{placed:?}"),
        Err(RealError::NotProxied { .. }) => None,
        Err(error) => Some(error.to_string()),
    }
}

#[test]
fn an_adapter_that_dies_or_floods_or_hangs_or_speaks_nonsense_is_told_of() {
    let table = [
        ("echo no >&2; exit 3", "ended with status 3"),
        ("echo hello; sleep 1000", "a line is no JSON object: hello"),
        ("yes", "a line is no JSON object: y"),
        ("echo '{{\"ready\":1}}'; cat /dev/zero", "says a line of more than 65536 bytes"),
        (
            "echo '{{\"ready\":1}}'; sleep 1000",
            "was answered within 2 s of the start: the adapter says nothing",
        ),
    ];
    for (script, expected) in table {
        let Some(said) = said_of(script) else {
            skipped("namespaces are refused here");
            return;
        };
        assert!(said.contains(expected), "{script}: {said}");
    }
}

/// A store with this in its description, whose adapter says nothing.
fn silent(more: &str) -> Own {
    let text = format!("name = \"wrong\"\nready_within = \"20s\"\nadapter = [\"sleep\", \"1000\"]\n{more}\n");
    Own::new(OwnStore::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}")), here())
}

#[test]
fn a_server_that_ends_is_told_of_and_not_the_adapter_that_waits_for_it() {
    let own = silent("start = [\"sh\", \"-c\", \"echo no room >&2; exit 4\"]");
    let (mode, stop) = (own.info().modes.remove(0), AtomicBool::new(false));
    let program = env!("CARGO_BIN_EXE_servers-servant").into();
    let Some(said) = said_by(&Real { server: &own, mode, effort: Effort::Quick, program, stop: &stop })
    else {
        skipped("namespaces are refused here");
        return;
    };
    assert_eq!(said, "at pacific `server` has ended with status 4\n  no room");
}

#[test]
fn who_had_enough_does_not_wait_for_a_command_that_prepares_a_site() {
    let own = silent("prepare = [\"sleep\", \"1000\"]\nstart = [\"sleep\", \"1000\"]");
    let (mode, stop) = (own.info().modes.remove(0), AtomicBool::new(true));
    let program = env!("CARGO_BIN_EXE_servers-servant").into();
    match place(&Real { server: &own, mode, effort: Effort::Quick, program, stop: &stop }, |_| ()) {
        Err(RealError::NotProxied { .. }) => skipped("namespaces are refused here"),
        placed => {
            let doubts = placed.expect("an interruption is no failure").doubts;
            assert!(matches!(doubts[..], [Doubt::Interrupted { whole: 0, .. }]), "{doubts:?}");
        }
    }
}
