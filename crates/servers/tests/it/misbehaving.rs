//! Adapters that hang, die, flood or speak nonsense: what they did is told, and nothing hangs with them.

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use constellation_servers::server::{Fresh, Mode, Program, Server, ServerInfo, Sites, Step};
use constellation_servers::stand::{Running, Wanted};

use crate::ground::testbed;

/// No server at all, and this as the adapter of each site.
#[derive(Debug)]
struct Shell(&'static str);

impl Server for Shell {
    fn info(&self) -> ServerInfo {
        let mode = Mode { name: "only".to_owned(), says: String::new(), model: None, declared: None };
        ServerInfo {
            name: "shell".to_owned(),
            title: "shell".to_owned(),
            needs: Vec::new(),
            version: Vec::new(),
            modes: vec![mode],
            fresh: Fresh::Keys,
            ready_within: Duration::from_secs(2),
        }
    }

    fn start(&self, _: &Mode, _: &Sites) -> Vec<(usize, Step)> {
        Vec::new()
    }

    fn adapter(&self, _: &Mode, _: &Sites, _: usize) -> Program {
        Program::named("/bin/sh", ["-c", self.0])
    }
}

#[test]
fn what_an_adapter_does_that_none_may_do_is_told() {
    let table = [
        ("exit 3", "has ended with status 3"),
        ("echo hello; sleep 60", "speaks nonsense: a line is no JSON object: hello"),
        ("sleep 60", "did not say \"ready\" within 2 s"),
        ("echo; yes", "speaks nonsense: a line is no JSON object: "),
        ("head -c 70000 /dev/zero | tr '\\0' x; sleep 60", "says a line of more than 65536 bytes"),
        ("echo '{\"ready\":64}'; echo '{\"ready\":64}'; sleep 60", "says \"ready\" twice"),
        (
            "echo '{\"ready\":64}'; echo '{\"id\":77,\"ok\":[]}'; sleep 60",
            "answers 77, which it was not asked",
        ),
        ("echo '{\"ready\":64}'; sleep 60", "was answered within 2 s of the start: the adapter says nothing"),
        (
            "echo '{\"ready\":64}'; while read -r line; do line=${line#*:}; echo \"{\\\"id\\\":${line%%,*},\\\"refused\\\":\\\"no\\\"}\"; done",
            "was answered within 2 s of the start: it is refused, no",
        ),
    ];
    let Some(testbed) = testbed() else { return };
    for (script, expected) in table {
        let (server, stop) = (Shell(script), AtomicBool::new(false));
        let info = server.info();
        let program = Path::new("/bin/false");
        let wanted = Wanted { server: &server, info: &info, mode: &info.modes[0], program, stop: &stop };
        let told = Running::start(&testbed, wanted).map_err(|error| error.to_string());
        let told = told.err().unwrap_or_default();
        assert!(told.contains(expected), "{script}: {told}");
    }
}
