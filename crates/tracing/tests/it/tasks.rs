//! Many tasks of two services record at once; whatever the scheduler does, the logs fit together.

use std::fs;

use constellation_lab::promises::judge_trace;
use constellation_trace::Verdict;
use constellation_trace::format::jsonl::parts;
use constellation_tracing::Recorder;
use tokio::sync::mpsc;

const TASKS: usize = 8;
const ROUNDS: usize = 25;

#[test]
fn tasks_that_record_at_once_make_one_order_of_each_process() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let recorders = ["client", "server"]
        .map(|name| Recorder::create(&folder.path().join(name), name).expect("it is new"));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(4).build().expect("threads");
    let [client, server] = recorders.clone();
    runtime.block_on(async move {
        let tasks: Vec<_> = (0..TASKS).map(|_| tokio::spawn(pair(client.clone(), server.clone()))).collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
    });
    recorders.iter().for_each(Recorder::close);
    let logs = ["client", "server"].map(|name| fs::read(folder.path().join(name)).expect("it was written"));
    let joined = parts::join(&[&logs[0], &logs[1]]).expect("they are of one run");
    assert_eq!(joined.notes, Vec::<String>::new());
    assert_eq!(joined.trace.events().len(), 5 * TASKS * ROUNDS);
    assert_eq!(joined.trace.messages().len(), 2 * TASKS * ROUNDS);
    for judgement in judge_trace(&joined.trace) {
        assert_eq!(judgement.verdict, Verdict::Holds, "{}", judgement.promise);
    }
}

/// One task of each: a question, a mark, and the answer, again and again.
async fn pair(client: Recorder, server: Recorder) {
    let (ask, mut asked) = mpsc::channel(1);
    let (answer, mut answered) = mpsc::channel(1);
    let serving = tokio::spawn(async move {
        while let Some(header) = asked.recv().await {
            server.receive(&header, "is asked");
            server.local("looks it up");
            answer.send(server.send("client", "answers")).await.expect("somebody waits");
        }
    });
    for _ in 0..ROUNDS {
        ask.send(client.send("server", "asks")).await.expect("somebody serves");
        client.receive(&answered.recv().await.expect("it is answered"), "is answered");
    }
    drop(ask);
    serving.await.expect("it does not panic");
}
