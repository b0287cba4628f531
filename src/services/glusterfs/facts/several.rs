//! What was found of several volumes of one pool, told as of one service.

use crate::model::Finding;

/// What was found of each volume, put together. What is the same for all of them is said once; a node or client has one line,
/// in which a value that differs says of which volume it is.
pub fn together(found: &[(&str, Vec<Finding>)]) -> Vec<Finding> {
    let (several, mut all) = (found.len() > 1, Vec::new());
    for (volume, findings) in found {
        for finding in findings {
            match finding.kind {
                _ if !several => all.push(finding.clone()),
                "node" | "client" => {
                    let rows: Vec<_> =
                        found.iter().filter_map(|(volume, rows)| Some((*volume, same(rows, finding)?))).collect();
                    // At the first of them.
                    if rows.first().is_some_and(|(first, _)| first == volume) {
                        all.push(row(&rows));
                    }
                }
                "check" if found.iter().all(|(_, others)| others.contains(finding)) => {
                    if !all.contains(finding) {
                        all.push(finding.clone());
                    }
                }
                "check" => all.push(Finding { name: format!("{} of {volume}", finding.name), ..finding.clone() }),
                "volume" | "brick" => all.push(finding.clone()),
                _ => {
                    let mut finding = finding.clone();
                    finding.seen.insert(0, ("volume", (*volume).to_owned()));
                    all.push(finding);
                }
            }
        }
    }
    all
}

fn same<'a>(rows: &'a [Finding], finding: &Finding) -> Option<&'a Finding> {
    rows.iter().find(|row| (row.kind, &row.name) == (finding.kind, &finding.name))
}

fn row(rows: &[(&str, &Finding)]) -> Finding {
    let (_, first) = rows[0];
    let value = |heading: &'static str| {
        let values = rows.iter().map(|(volume, row)| {
            let value = row.seen.iter().find(|(other, _)| *other == heading).map_or("unknown", |(_, value)| value);
            (*volume, value)
        });
        let values: Vec<_> = values.collect();
        if values.iter().all(|(_, value)| *value == values[0].1) {
            return (heading, values[0].1.to_owned());
        }
        let each: Vec<_> = values.iter().map(|(volume, value)| format!("{volume}: {value}")).collect();
        (heading, each.join(", "))
    };
    // An unknown node has fewer columns, and all volumes' rows of one are alike in that.
    let health = rows.iter().map(|(_, row)| row.health).max().unwrap_or(first.health);
    let remedy = rows.iter().filter(|(_, row)| row.health == health).find_map(|(_, row)| row.remedy.clone());
    Finding { health, remedy, seen: first.seen.iter().map(|(heading, _)| value(heading)).collect(), ..first.clone() }
}
