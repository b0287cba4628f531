//! What this process has used, printed as one line of `name=value`.

use std::time::Instant;

/// Since the start.
pub struct Usage {
    started: Instant,
    resident: u64,
    parts: Vec<String>,
}

impl Usage {
    /// At the start.
    #[must_use]
    pub fn start() -> Self {
        Self { started: Instant::now(), resident: status("VmRSS:"), parts: Vec::new() }
    }

    /// Notes how far we are: wall and CPU so far in ms, and what has become resident since the start, in KiB.
    pub fn mark(&mut self, name: &str) {
        let resident = status("VmRSS:").saturating_sub(self.resident);
        let wall = self.started.elapsed().as_secs_f64() * 1000.0;
        self.parts.push(format!("{name}_wall={wall:.1} {name}_cpu={} {name}_kib={resident}", cpu()));
    }

    /// Prints it all, and the first error if there is one. False where not everything went well.
    pub fn finish<T>(mut self, outcomes: &[Result<T, String>]) -> bool {
        self.mark("all");
        let ok = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
        println!("ok={ok} of={} {} peak_kib={}", outcomes.len(), self.parts.join(" "), status("VmHWM:"));
        if let Some(error) = outcomes.iter().find_map(|outcome| outcome.as_ref().err()) {
            eprintln!("{error}");
        }
        ok == outcomes.len()
    }
}

/// All threads, in ms, to the 10 ms that the kernel counts in.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // After the name, which may have spaces: the 12th and 13th are the ticks in user mode and in the kernel.
    let fields = text.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>() * 10
}

/// KiB.
fn status(field: &str) -> u64 {
    let text = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(field));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or_default()
}
