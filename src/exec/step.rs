//! One step on one node.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::events::{Event, Failure, FailureKind, StepEnd};
use crate::exec::printed::Printed;
use crate::exec::{Context, explain};
use crate::plan::TaskId;
use crate::playbook::{End, Kind, RenderedStep, is_mark, read_end};
use crate::transport::{Exit, Outcome, Script, Session};

// A wait, and the following of a job, ends itself a little before its time is over, so that it can say what it last saw.
const GRACE: Duration = Duration::from_secs(5);

// How a wait ends whose time is over.
const OUT_OF_TIME: u32 = 124;

/// Runs a step and tells of it; true when the node may go on.
pub(super) async fn run(context: &Context, task: &TaskId, step: &RenderedStep) -> bool {
    let (id, doc) = (step.id.clone(), step.doc.clone());
    context.tell.send(Event::StepStarted { task: task.clone(), step: id.clone(), doc }).await;
    let start = Instant::now();
    let end = match perform(context, task, step).await {
        Ok(end) => end,
        Err(failure) => StepEnd::Failed { failure: context.redact.failure(&failure) },
    };
    let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    let fine = !matches!(end, StepEnd::Failed { .. });
    context.tell.send(Event::StepEnded { task: task.clone(), step: id, end, ms }).await;
    fine
}

async fn perform(context: &Context, task: &TaskId, step: &RenderedStep) -> Result<StepEnd, Failure> {
    let node = &task.node;
    let session = tokio::select! {
        biased;
        () = context.interrupt.abandoned() => return Err(not_begun(task)),
        session = context.fleet.session(node) => session.map_err(|error| explain::connect(node, &error))?,
    };
    let script = Script {
        text: step.program(&context.mark, &context.log),
        become_root: step.become_root,
        timeout: step.timeout + if matches!(step.kind, Kind::Wait(_) | Kind::Job) { GRACE } else { Duration::ZERO },
    };
    let outcome = follow(context, task, step, (session, &script)).await?;
    let code = match outcome.exit {
        Exit::Code(code) => Some(code),
        Exit::Signal(_) | Exit::Missing => None,
    };
    match read_end(&context.mark, code, &outcome.stdout.text) {
        End::Unchanged => Ok(StepEnd::Unchanged),
        End::Changed => Ok(StepEnd::Changed),
        End::Passed => Ok(StepEnd::Passed),
        End::Failed { part, code: OUT_OF_TIME } if part == "job" => Err(goes_on(step)),
        End::Failed { part, code } => Err(failed(step, part, code, said(context, &outcome))),
        End::Unknown => Err(unclear(step, &outcome, said(context, &outcome))),
    }
}

// Lines are told while the script runs; what is too much for that is kept.
async fn follow(
    context: &Context,
    task: &TaskId,
    step: &RenderedStep,
    (session, script): (Arc<dyn Session>, &Script),
) -> Result<Outcome, Failure> {
    let (printed, mut lines) = Printed::begin(context, task, &step.id);
    let telling = async {
        while let Some(line) = lines.recv().await {
            context.tell.send(Event::StepLine { task: task.clone(), step: step.id.clone(), line }).await;
        }
    };
    let running = async {
        let outcome = session.stream(script, None, &|side, bytes| printed.hear(side, bytes)).await;
        printed.end();
        outcome
    };
    let both = futures::future::join(running, telling);
    let outcome = tokio::select! {
        (outcome, ()) = both => Ok(outcome),
        () = context.interrupt.abandoned() => Err(abandoned(task)),
    };
    if let Some(kept) = printed.kept(task, &step.id) {
        context.tell.send(kept).await;
    }
    outcome?.map_err(|error| {
        context.fleet.forget(&task.node);
        let failure = explain::run(&task.node, &step.id, &error);
        Failure { remedy: step.remedy.clone().unwrap_or_else(|| failure.remedy.clone()), ..failure }
    })
}

fn said(context: &Context, outcome: &Outcome) -> String {
    let own: Vec<_> = outcome.stdout.text.lines().filter(|line| !is_mark(&context.mark, line)).collect();
    let stderr = explain::tail(&outcome.stderr.text);
    if stderr.is_empty() { explain::tail(&own.join("\n")) } else { stderr }
}

fn failed(step: &RenderedStep, part: String, code: u32, stderr: String) -> Failure {
    let what = match part.as_str() {
        "verify" => format!("{}: it ran, and what it should have brought about is not there", step.doc),
        "wait" if code == OUT_OF_TIME => {
            format!("{}: it has not come about within {} s", step.doc, step.timeout.as_secs())
        }
        "wait" => format!("{}: it cannot come about as things are", step.doc),
        _ => format!("{}: failed", step.doc),
    };
    let remedy = step
        .remedy
        .clone()
        .unwrap_or_else(|| "mend it and run the same command again: what is done is found done".to_owned());
    let remedy = explain::advised(remedy, &stderr);
    Failure { kind: FailureKind::Step, what, command: part, code: Some(code), stderr, remedy }
}

fn goes_on(step: &RenderedStep) -> Failure {
    let unit = step.unit();
    Failure {
        kind: FailureKind::Unknown,
        what: format!("{}: it has not ended within {} s, and goes on", step.doc, step.timeout.as_secs()),
        command: "job".to_owned(),
        code: None,
        stderr: String::new(),
        remedy: format!(
            "it is the unit `{unit}` there (`systemctl status {unit}`); run the same command again to follow it further"
        ),
    }
}

fn unclear(step: &RenderedStep, outcome: &Outcome, stderr: String) -> Failure {
    let how = match &outcome.exit {
        Exit::Code(code) => format!("ended with {code}"),
        Exit::Signal(signal) => format!("was ended by SIG{signal}"),
        Exit::Missing => "ended without saying how".to_owned(),
    };
    Failure {
        kind: FailureKind::Unknown,
        what: format!("{}: the script {how} before it was done", step.doc),
        command: step.id.clone(),
        code: None,
        stderr,
        remedy: "it is not known how far it came; run the same command again: what is done is found done".to_owned(),
    }
}

fn abandoned(task: &TaskId) -> Failure {
    interrupted(
        task,
        "interrupted: it is no longer followed, and may still run there",
        format!("look what still runs on {} before you run anything else there", task.node),
    )
}

fn not_begun(task: &TaskId) -> Failure {
    let remedy = "run the same command again: what is done is found done".to_owned();
    interrupted(task, "interrupted while the connection was made: it was not begun", remedy)
}

fn interrupted(task: &TaskId, what: &str, remedy: String) -> Failure {
    Failure {
        kind: FailureKind::Unknown,
        what: what.to_owned(),
        command: task.what(),
        code: None,
        stderr: String::new(),
        remedy,
    }
}
