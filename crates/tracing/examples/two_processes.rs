//! A client asks a server over TCP, each a process of its own; their logs are joined and judged.
//!
//! `cargo run -p constellation-tracing --example two_processes -- FOLDER` starts itself twice and leaves two logs in the folder.
//! With `--broken` the server's clocks do not learn from what it receives, which the judge finds; with `--kill` it is killed.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::{env, fs, io, thread};

use constellation_clock::{Clock as _, LamportClock, VectorClock};
use constellation_lab::promises::judge_trace;
use constellation_trace::format::jsonl::{self, parts};
use constellation_trace::{Judgement, Verdict};
use constellation_tracing::{Clocks, Header, Recorder, Stamp, header_of, local, receive, send};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tracing::{info, info_span};
use tracing_subscriber::layer::SubscriberExt as _;

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

fn main() -> Outcome<ExitCode> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve", folder, how] => with_runtime(serve(recorder(Path::new(folder), "server", how)?)),
        ["ask", folder, address] => {
            with_runtime(ask(recorder(Path::new(folder), "client", "")?, address.to_owned()))
        }
        [folder] => run(Path::new(folder), ""),
        [folder, how] => run(Path::new(folder), how),
        _ => Err("two_processes FOLDER [--broken | --kill]".into()),
    }
}

/// Starts both, waits for them, and judges what they wrote.
fn run(folder: &Path, how: &str) -> Outcome<ExitCode> {
    fs::create_dir_all(folder)?;
    let mut server = this(folder, &["serve"], how)?;
    let mut told = String::new();
    BufReader::new(server.stdout.take().ok_or("it is piped")?).read_line(&mut told)?;
    let client = this(folder, &["ask"], told.trim())?.wait()?;
    if how == "--kill" {
        server.kill()?;
    }
    // It serves until nobody holds its input any more.
    drop(server.stdin.take());
    server.wait()?;
    if !client.success() {
        return Err("the client could not ask".into());
    }
    let logs = [fs::read(folder.join("client.part.jsonl"))?, fs::read(folder.join("server.part.jsonl"))?];
    let joined = parts::join(&[&logs[0], &logs[1]])?;
    fs::write(folder.join("run.jsonl"), jsonl::to_string(&joined.trace))?;
    println!("{} events, {} messages", joined.trace.events().len(), joined.trace.messages().len());
    joined.notes.iter().for_each(|note| println!("· {note}"));
    let judgements = judge_trace(&joined.trace);
    for judgement in &judgements {
        println!("{} {}", judgement.verdict.word(), judgement.promise);
        if let Verdict::Violated(evidence) = &judgement.verdict {
            println!("{evidence}");
        }
    }
    Ok(ExitCode::from(Judgement::exit_code(&judgements)))
}

fn this(folder: &Path, role: &[&str], last: &str) -> io::Result<Child> {
    let mut command = Command::new(env::current_exe()?);
    command.args(role).arg(folder).arg(last).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
}

fn with_runtime(work: impl Future<Output = Outcome<()>>) -> Outcome<ExitCode> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(work)?;
    Ok(ExitCode::SUCCESS)
}

/// Whatever this process does is recorded from here on, in whatever task.
fn recorder(folder: &Path, process: &str, how: &str) -> Outcome<Recorder> {
    let path = folder.join(format!("{process}.part.jsonl"));
    let recorder = match how {
        "--broken" => {
            let clocks = Forgetful { lamport: LamportClock::new(), vector: VectorClock::new(process) };
            Recorder::create_with(&path, process, Recorder::BYTES_MAX, Box::new(clocks))?
        }
        _ => Recorder::create(&path, process)?,
    };
    tracing::subscriber::set_global_default(tracing_subscriber::registry().with(recorder.layer()))?;
    Ok(recorder)
}

/// The planted mistake: a clock that ticks when it receives, and learns nothing.
struct Forgetful {
    lamport: LamportClock,
    vector: VectorClock,
}

impl Clocks for Forgetful {
    fn event(&mut self) -> Result<Stamp, constellation_clock::Error> {
        Ok(Stamp { lamport: self.lamport.try_tick()?, vector: self.vector.event()? })
    }

    fn receive(&mut self, _: &Stamp) -> Result<Stamp, constellation_clock::Error> {
        self.event()
    }
}

/// Answers who asks, each connection in a task of its own, until its input ends.
async fn serve(recorder: Recorder) -> Outcome<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("{}", listener.local_addr()?);
    let (ended, end) = tokio::sync::oneshot::channel();
    thread::spawn(move || {
        let _ = io::stdin().read_to_end(&mut Vec::new());
        let _ = ended.send(());
    });
    let accepting = tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(answer(stream));
        }
    });
    let _ = end.await;
    accepting.abort();
    recorder.close();
    Ok(())
}

async fn answer(stream: TcpStream) -> Outcome<()> {
    let (lines, mut writer) = stream.into_split();
    let mut lines = tokio::io::BufReader::new(lines).lines();
    while let Some(line) = lines.next_line().await? {
        let (header, question) = line.split_once('\t').ok_or("no header")?;
        // By fields of an event.
        info!(constellation.receive = header, "is asked for {question}");
        local(&format!("looks up {question}"));
        // By a call, which returns what travels.
        let header = send("client", &format!("answers {question}"));
        writer.write_all(format!("{header}\t{question} is well\n").as_bytes()).await?;
    }
    Ok(())
}

/// Three tasks ask at once, two questions each.
async fn ask(recorder: Recorder, address: String) -> Outcome<()> {
    let address = Arc::new(address);
    let tasks: Vec<_> = (0..3).map(|task| tokio::spawn(questions(Arc::clone(&address), task))).collect();
    for task in tasks {
        task.await??;
    }
    recorder.close();
    Ok(())
}

async fn questions(address: Arc<String>, task: u32) -> Outcome<()> {
    let (lines, mut writer) = TcpStream::connect(&**address).await?.into_split();
    let mut lines = tokio::io::BufReader::new(lines).lines();
    for question in 0..2 {
        let satellite = format!("MSS-{}", task * 10 + question);
        // By a field of a span, which the header is then asked of.
        let span = info_span!("asks", constellation.send = "server");
        writer.write_all(format!("{}\t{satellite}\n", header_of(&span)).as_bytes()).await?;
        let line = lines.next_line().await?.ok_or("the server is gone")?;
        let (header, answer) = line.split_once('\t').ok_or("no header")?;
        receive(&header.parse::<Header>()?, answer);
    }
    Ok(())
}
