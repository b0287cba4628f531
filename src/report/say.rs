//! What an event has to say to people.

use indicatif::HumanBytes;

use crate::events::{Event, LookWhy, NodeState, RunState, Stamped, StepEnd};
use crate::model::NodeName;
use crate::plan::{Plan, TaskId};
use crate::report::{Mark, Said, clean, count, duration, ending, hosts};

/// How many nodes that failed alike are told with evidence and remedy; the journal has them for all.
const TOLD_IN_FULL: usize = 5;

/// What an event says to people, `state` being where the run stands after it. `verbose` adds what most do not want to
/// read: the begin of every step, and every line it prints.
pub fn say(stamped: &Stamped, state: &RunState, verbose: bool) -> Vec<Said> {
    let info = |text: String| vec![Said::new(Mark::Info, text)];
    match &stamped.event {
        Event::RunStarted { run, command, inventory, nodes } => {
            let folded = hosts::fold(nodes);
            info(format!("run {run}: {command}; {} in {inventory}: {folded}", count(nodes.len(), "node")))
        }
        Event::LookStarted { why } => info(look(*why, state)),
        Event::NodeSeen { .. } => looked(stamped, state),
        Event::NodeUnknown { node, .. } => {
            let mut said = unknown(node, state);
            said.extend(looked(stamped, state));
            said
        }
        Event::Planned { plan } => planned(plan, state),
        Event::Refused { refusals } if state.hindered() => Said::hindrances(refusals),
        Event::Refused { refusals } => Said::refusals(refusals),
        Event::Locked { nodes } => info(format!("locks are held on {}", hosts::fold(nodes))),
        Event::InventoryChanged { path, diff } => {
            let changed =
                |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
            let lines = diff.lines().filter(changed).map(|line| format!("| {}", clean(line)));
            std::iter::once(format!("{path} is changed")).chain(lines).map(|text| Said::new(Mark::Info, text)).collect()
        }
        Event::BackedUp { path, nodes } => info(format!("what {} stored lies in {}", hosts::fold(nodes), clean(path))),
        Event::StageStarted { stage } => info(stage_begins(stage, state)),
        Event::StageEnded { stage } if verbose => info(format!("stage {stage} has ended")),
        Event::StepStarted { task, doc, .. } if verbose => {
            vec![Said::new(Mark::Info, format!("{doc} ..")).on(&task.node)]
        }
        Event::StepLine { task, line, .. } if verbose => {
            vec![Said::new(Mark::Info, format!("| {}", clean(line))).on(&task.node)]
        }
        Event::StageEnded { .. } | Event::StepStarted { .. } | Event::StepLine { .. } => Vec::new(),
        Event::OutputKept { task, step, file, bytes, lost } => {
            vec![output_kept(task, step, (file, *bytes), lost.as_deref())]
        }
        Event::StepEnded { task, step, end, ms } => vec![step_ended(task, step, (end, *ms), state)],
        Event::TaskSkipped { task, why } => {
            vec![Said::new(Mark::Warn, format!("{} is skipped: {why}", task.what())).on(&task.node)]
        }
        Event::StepsSkipped { task, steps, why } => {
            let (steps, many) = (steps.join("`, `"), if steps.len() == 1 { " is" } else { "s are" });
            let text = format!("step{many} skipped of {}: `{steps}`: {why}", task.what());
            vec![Said::new(Mark::Warn, text).on(&task.node).remedy("run the same command again to go on from there")]
        }
        Event::Interrupted { count } => interrupted(*count, state),
        Event::Bug { what } => vec![bug(what)],
        Event::RunEnded { .. } => ending(state),
    }
}

fn look(why: LookWhy, state: &RunState) -> String {
    match why {
        LookWhy::First => format!("looking at {}", count(state.nodes().len(), "node")),
        LookWhy::Locked => "looking again, now that the locks are held".into(),
        LookWhy::Stage => "looking again, because what follows depends on it".into(),
        LookWhy::Failure => "looking again, to see what came of it".into(),
        LookWhy::End => "looking again, to see that nothing is left to do".into(),
    }
}

/// One line for the whole look, when the last node has answered.
fn looked(stamped: &Stamped, state: &RunState) -> Vec<Said> {
    let Some(look) = state.look().filter(|look| look.waiting == 0) else { return Vec::new() };
    let seen: Vec<NodeName> =
        state.nodes().filter(|(_, node)| node.unknown.is_none()).map(|(name, _)| name.clone()).collect();
    if seen.is_empty() {
        return Vec::new();
    }
    let ms = u64::try_from(stamped.at_ms - look.since_ms).unwrap_or(0);
    vec![Said::new(Mark::Info, format!("seen {} in {}", hosts::fold(&seen), duration(ms)))]
}

fn unknown(name: &NodeName, state: &RunState) -> Vec<Said> {
    match state.node(name) {
        Some(NodeState { unknown: Some(failure), unknown_looks: 1, .. }) => {
            let alike = |(other, node): &(&NodeName, &NodeState)| {
                *other != name && node.unknown.as_ref().is_some_and(|known| known.remedy == failure.remedy)
            };
            vec![not_again(Said::unknown(name, failure), state.nodes().filter(alike).count())]
        }
        Some(NodeState { unknown: Some(_), .. }) => {
            vec![Said::new(Mark::Warn, "still cannot be looked at").on(name)]
        }
        _ => Vec::new(),
    }
}

/// Where a hundred nodes fail alike, the first few say all there is to say, and the others only that.
fn not_again(said: Said, alike: usize) -> Said {
    if alike < TOLD_IN_FULL { said } else { Said { evidence: Vec::new(), ..said }.remedy("as said above") }
}

fn planned(plan: &Plan, state: &RunState) -> Vec<Said> {
    if !state.plan_is_news() {
        return Vec::new();
    }
    let late = state.look().is_some_and(|look| matches!(look.why, LookWhy::End | LookWhy::Failure));
    let mut said: Vec<Said> = state.fresh_notes().iter().map(Said::note).collect();
    if plan.is_empty() {
        said.push(Said::new(Mark::Success, if late { "nothing is left to do" } else { "nothing to do" }));
        return said;
    }
    let nodes: Vec<NodeName> = plan.tasks().map(|task| task.id.node.clone()).collect();
    let [stages, tasks] = [count(plan.stages.len(), "stage"), count(plan.tasks().count(), "task")];
    let text = format!("{stages}, {tasks} on {}", hosts::fold(&nodes));
    let continued = state.plan_was_open() && state.look().is_some_and(|look| look.why == LookWhy::End);
    said.push(if late && !continued {
        Said::new(Mark::Warn, format!("left to do: {text}")).remedy("run the same command again")
    } else {
        Said::new(Mark::Info, format!("plan: {text}"))
    });
    said
}

fn stage_begins(name: &str, state: &RunState) -> String {
    let stages = state.plan().map_or(&[][..], |plan| &plan.stages[..]);
    let doc = stages.iter().find(|known| known.name == name).map_or("", |known| known.doc.as_str());
    let index = state.stage().map_or(0, |open| open.index);
    format!("stage {} of {}, {name}: {doc}", index + 1, stages.len())
}

fn output_kept(task: &TaskId, step: &str, (file, bytes): (&str, u64), lost: Option<&str>) -> Said {
    let printed = format!("step `{step}` of {} has printed {}", task.what(), HumanBytes(bytes));
    let said = match lost {
        None => Said::new(Mark::Info, format!("{printed}: all of it is in `{file}`")),
        Some(why) => Said::new(Mark::Warn, format!("{printed}, and not all of it could be kept in `{file}`: {why}"))
            .remedy("make room there, or name another place by `XDG_STATE_HOME`; what the step does is not affected"),
    };
    said.on(&task.node)
}

fn step_ended(task: &TaskId, step: &str, (end, ms): (&StepEnd, u64), state: &RunState) -> Said {
    let doc = state.node(&task.node).and_then(|node| node.last.as_ref()).map_or(step, |last| last.doc.as_str());
    match end {
        StepEnd::Changed => Said::new(Mark::Success, format!("{doc} ({})", duration(ms))).on(&task.node),
        StepEnd::Unchanged => Said::new(Mark::Info, format!("{doc}: nothing to do")).on(&task.node),
        StepEnd::Passed => Said::new(Mark::Info, format!("{doc} ({})", duration(ms))).on(&task.node),
        StepEnd::Failed { failure } => {
            let alike = |(other, node): &(&NodeName, &NodeState)| {
                let failed = node.failed.as_ref().filter(|failed| failed.step == step);
                **other != task.node && failed.is_some_and(|failed| failed.failure.remedy == failure.remedy)
            };
            not_again(Said::step_failed(task, step, failure), state.nodes().filter(alike).count())
        }
    }
}

fn interrupted(count: u8, state: &RunState) -> Vec<Said> {
    if count == 1 {
        let text = "interrupted: nothing new begins; what runs is followed to its end (Ctrl-C again: stop following)";
        return vec![Said::new(Mark::Warn, text)];
    }
    let mut said = vec![Said::new(Mark::Warn, "interrupted again: no longer following what runs")];
    said.extend(still_running(state));
    said
}

/// What runs on the nodes when we are no longer looking.
pub(super) fn still_running(state: &RunState) -> Vec<Said> {
    let say = |(name, node): (&NodeName, &NodeState)| {
        let step = node.step.as_ref()?;
        let text = format!("still running: step `{}` of {}", step.step, step.task.what());
        Some(Said::new(Mark::Warn, text).on(name).remedy("it may yet end well; run the same command again to see"))
    };
    state.nodes().filter_map(say).collect()
}

fn bug(what: &str) -> Said {
    Said::new(Mark::Error, format!("a bug of bricklayer: {what}"))
        .remedy("please report it with the `events.jsonl` of this run; `bricklayer plan` shows where the nodes stand")
}
