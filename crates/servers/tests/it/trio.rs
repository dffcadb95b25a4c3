//! Three of a real server on this machine, each at an address of its own, as tests of adapters need them.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use constellation_lab::placement::client::{Answer, Ask};
use constellation_servers::adapter::{Said, ask_line, read_said};
use constellation_servers::server::{Joined, Mode, Program, Server, Site, Sites, Step, User, Which};
use constellation_servers::{ADAPTER, installed, servers};

/// The ports at which any server listens.
const PORTS: [u16; 7] = [2379, 2380, 4222, 5432, 6222, 6379, 26_379];
/// How long anything may take on a busy machine.
const LONGEST: Duration = Duration::from_secs(90);
/// How many were started.
static COUNT: AtomicU32 = AtomicU32::new(0);
const NAMES: [&str; 3] = ["pacific", "indian_ocean", "atlantic"];

/// Three servers that run, and an adapter at each site.
pub(crate) struct Trio {
    server: &'static dyn Server,
    pub(crate) mode: Mode,
    pub(crate) sites: Sites,
    folder: PathBuf,
    programs: BTreeMap<String, PathBuf>,
    /// What began at which site, under which name.
    running: BTreeMap<(usize, String), Child>,
    adapters: Vec<Adapter>,
}

impl Trio {
    /// Starts a server in a mode, or says on standard error why that is not possible here.
    pub(crate) fn start(name: &str, mode: &str) -> Option<Trio> {
        let server = servers::find(name).expect("there is such a server");
        let info = server.info();
        let mut programs = BTreeMap::new();
        for need in &info.needs {
            let Ok(path) = installed::one(need) else {
                skipped(&format!("`{}` is not installed; Debian has it in {}", need.program, need.package));
                return None;
            };
            programs.insert(need.program.clone(), path);
        }
        let mode = info.mode(mode).expect("it has such a mode").clone();
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = folder(number);
        let Some(sites) = sites(&folder, number) else {
            skipped(&format!("something on this machine listens at a port of {name} on every address"));
            return None;
        };
        let running = BTreeMap::new();
        let mut trio = Trio { server, mode, sites, folder, programs, running, adapters: Vec::new() };
        for (site, step) in server.start(&trio.mode, &trio.sites) {
            trio.step(site, step);
        }
        for site in 0..trio.sites.count() {
            let adapter = trio.adapter(site);
            trio.adapters.push(adapter);
        }
        Some(trio)
    }

    fn step(&mut self, site: usize, step: Step) {
        let folder = self.sites.all[site].folder.clone();
        match step {
            Step::File { path, text } => {
                let path = folder.join(path);
                fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder can be made");
                fs::write(path, text).expect("it can be written");
            }
            Step::Run { program, .. } => {
                let status = self.command(site, "run", &program).status().expect("it can be started");
                assert!(status.success(), "{program:?} failed at site {site}: see {}", folder.display());
            }
            Step::Begin { name, program } => {
                let child = self.command(site, &name, &program).spawn().expect("it can be started");
                self.running.insert((site, name), child);
            }
            Step::Listens { .. } => {}
        }
    }

    fn command(&self, site: usize, name: &str, program: &Program) -> Command {
        let mut path = match &program.which {
            Which::Named(name) => self.programs.get(name).cloned().unwrap_or_else(|| name.into()),
            Which::Adapter(_) => env!("CARGO_BIN_EXE_servers-servant").into(),
        };
        let mut arguments: Vec<String> = Vec::new();
        if program.user == User::NotRoot && is_root() {
            arguments.extend(["--user", "--map-user=65534", "--map-group=65534", "--"].map(str::to_owned));
            arguments.push(path.display().to_string());
            path = "unshare".into();
        }
        if let Which::Adapter(name) = &program.which {
            arguments.extend([ADAPTER.to_owned(), name.clone()]);
        }
        let folder = self.sites.all[site].folder.join(name);
        fs::create_dir_all(&folder).expect("a folder can be made");
        let log = File::options()
            .create(true)
            .append(true)
            .open(folder.with_extension("log"))
            .expect("it can be written");
        let mut command = Command::new(path);
        command.args(arguments).args(&program.arguments).current_dir(folder).stdin(Stdio::null());
        command.envs(program.environment.iter().map(|(name, value)| (name, value)));
        command.stdout(log.try_clone().expect("there are descriptors")).stderr(log);
        command
    }

    /// One more adapter at a site, which is there when its server takes part.
    fn adapter(&self, site: usize) -> Adapter {
        let program = self.server.adapter(&self.mode, &self.sites, site);
        self.adapter_of(site, &program)
    }

    /// An adapter with arguments of the test.
    pub(crate) fn adapter_of(&self, site: usize, program: &Program) -> Adapter {
        let mut command = self.command(site, "adapter", program);
        let mut process =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("it can be started");
        let input = process.stdin.take().expect("it is a pipe");
        let output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        let (sender, said) = channel();
        std::thread::spawn(move || {
            // Until it is killed, or nobody listens.
            for line in output.lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut adapter = Adapter { process, input, said, asked: 0 };
        assert!(matches!(adapter.hear(), Said::Ready(_)), "an adapter begins with that it is ready");
        adapter
    }

    /// What is in a file of a site; nothing if it is not there.
    pub(crate) fn file(&self, site: usize, path: &str) -> String {
        fs::read_to_string(self.sites.all[site].folder.join(path)).unwrap_or_default()
    }

    pub(crate) fn write(&mut self, site: usize, key: &str, value: u64) -> Answer {
        self.adapters[site].ask(&Ask::write(key, value))
    }

    pub(crate) fn read(&mut self, site: usize, key: &str) -> Answer {
        self.adapters[site].ask(&Ask::read(key))
    }

    /// What the key shows at a site once this is so; the last it showed after many tries.
    pub(crate) fn read_until(&mut self, site: usize, key: &str, expected: &Answer) -> Answer {
        for _ in 0..200 {
            if self.read(site, key) == *expected {
                break;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        self.read(site, key)
    }

    /// Sends a signal to what runs at a site under this name.
    pub(crate) fn signal(&mut self, site: usize, name: &str, signal: &str) {
        let child = &self.running[&(site, name.to_owned())];
        let sent = Command::new("kill").args([signal, &child.id().to_string()]).status();
        assert!(sent.expect("there is a kill").success(), "{name} at site {site} has ended");
    }
}

impl Drop for Trio {
    fn drop(&mut self) {
        let adapters = self.adapters.iter_mut().map(|adapter| &mut adapter.process);
        for child in adapters.chain(self.running.values_mut()) {
            // It may have ended; and a postgres that is killed takes its children with it once they see it.
            drop(child.kill());
            drop(child.wait());
        }
        if std::thread::panicking() {
            eprintln!("what the servers said is in {}", self.folder.display());
        } else {
            drop(fs::remove_dir_all(&self.folder));
        }
    }
}

/// An adapter as a driver has it.
pub(crate) struct Adapter {
    process: Child,
    input: ChildStdin,
    said: Receiver<String>,
    asked: u64,
}

impl Adapter {
    pub(crate) fn ask(&mut self, ask: &Ask) -> Answer {
        self.asked += 1;
        self.input.write_all(ask_line(self.asked, 0, ask).as_bytes()).expect("the adapter lives");
        match self.hear() {
            Said::Answer(id, answer) if id == self.asked => answer,
            other => panic!("an answer to {} is expected, and {other:?} is said", self.asked),
        }
    }

    fn hear(&mut self) -> Said {
        let line = self.said.recv_timeout(LONGEST).expect("an adapter says something in time");
        read_said(&line).expect("it is what an adapter says")
    }
}

impl Drop for Adapter {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// Says past the harness, which keeps what tests print that pass, that a test was none.
fn skipped(reason: &str) {
    drop(writeln!(std::io::stderr(), "skipped: {reason}"));
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().expect("there is an id");
    id.stdout.trim_ascii() == b"0"
}

fn folder(number: u32) -> PathBuf {
    let name = format!("constellation-trio-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    for name in NAMES {
        fs::create_dir_all(folder.join(name)).expect("a folder can be made");
    }
    folder
}

/// Every site at an address of its own on the loopback; who asks makes no difference.
fn sites(folder: &Path, number: u32) -> Option<Sites> {
    let [_, _, high, low] = std::process::id().to_be_bytes();
    let address = |site: u8| {
        // Of two processes at one time, no two are equal in this; of one, no two trios are.
        Ipv4Addr::new(127, high | 0x80, low, u8::try_from(number % 80).unwrap_or(0) * 3 + site + 1)
    };
    let addresses = [0, 1, 2].map(address);
    let is_free = |address: &Ipv4Addr| PORTS.iter().all(|port| TcpListener::bind((*address, *port)).is_ok());
    if !addresses.iter().all(is_free) {
        return None;
    }
    let all = NAMES.iter().zip(addresses).map(|(name, address)| Site {
        name: (*name).to_owned(),
        address: address.into(),
        folder: folder.join(name),
    });
    Some(Sites { all: all.collect(), joined: Joined::Addresses })
}
