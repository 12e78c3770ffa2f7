"""Puts Claude Code's servers behind the proxy, and back: reads, plans, asks, writes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from mcp_dynaload.config.paths import SECRETS_FILE, SERVERS_FILE
from mcp_dynaload.config.secret_store import SecretStore
from mcp_dynaload.config.trust import forget, trust_file
from mcp_dynaload.errors import DynaloadError, HostError
from mcp_dynaload.hosts.claude_code.backups import (
    Backup,
    Write,
    drop_backup,
    mark_undone,
    read_backups,
    remove_folders,
    save_backup,
    write_edits,
)
from mcp_dynaload.hosts.claude_code.diff import diffs
from mcp_dynaload.hosts.claude_code.files import ClientSnapshot, objects, read_text
from mcp_dynaload.hosts.claude_code.install_plan import InstallPlan, plan_init
from mcp_dynaload.hosts.claude_code.json_edit import parse_object
from mcp_dynaload.hosts.claude_code.last_word import nothing_taken_out, taken_out
from mcp_dynaload.hosts.claude_code.links import LinkEdit, write_links
from mcp_dynaload.hosts.claude_code.login_probe import Probe, logins_needed
from mcp_dynaload.hosts.claude_code.movable_servers import probe_candidates
from mcp_dynaload.hosts.claude_code.moved_secrets import forget_restored, forget_secrets, keep_secrets
from mcp_dynaload.hosts.claude_code.uninstall_plan import UninstallPlan, plan_uninstall
from mcp_dynaload.machine.atomic_files import write_atomically

Show = Callable[[str], None]
"""Shows a text to the user."""


@dataclass(frozen=True, slots=True)
class UserDialogue:
    """The dialogue with the user who runs the command."""

    show: Show
    confirm: Callable[[], None]
    """Asks whether to make the changes that were shown; a no is raised, and ends the command."""


def install(
    snapshot: ClientSnapshot,
    dialogue: UserDialogue,
    probe: Probe,
    refresh: Callable[[], None],
    learn: Callable[[], None] = lambda: None,
    *,
    is_dry_run: bool,
    may_approve: bool = True,
    keeps_logins: bool = False,
    moves_secrets: bool = False,
    write: Write = write_atomically,
) -> InstallPlan:
    """Show what putting the servers behind the proxy changes, and after the user's consent do it.

    Raises:
        HostError: it cannot be done; nothing was changed then.
    """
    logins = logins_needed(probe_candidates(snapshot), probe)
    store = SecretStore(snapshot.locations.secrets_file)
    plan = plan_init(snapshot, logins, keeps_logins=keeps_logins, kept=store.get if moves_secrets else None)
    _show_plan(plan, dialogue.show)
    if plan.secrets.moved:
        places = ", ".join(plan.secrets.places)
        dialogue.show(f"Secrets, kept in {store.place}, of which the servers file has the names: {places}")
    if plan.unapproved and not may_approve and not is_dry_run:
        raise HostError(
            f"{', '.join(map(repr, plan.unapproved))} would be started, which you have not approved in Claude Code;"
            " leave out --yes to be asked, or add --approve-servers"
        )
    if not plan.changes or is_dry_run:
        return plan
    dialogue.confirm()
    locations = snapshot.locations
    backup = save_backup(locations.backups_dir, plan, datetime.now(UTC))
    added: tuple[str, ...] = ()
    try:
        added = keep_secrets(plan.secrets.moved, store)
        write_edits(plan.edits, write)
        write_links(plan.links)
        if plan.trusted is not None:
            trust_file(plan.trusted, locations.state_dir)
    except BaseException:  # whatever stops us half way, Ctrl-C too: put things back, then let it go on
        take_back(backup)
        forget_secrets(added, store)
        raise
    dialogue.show(f"Done. What the files held before is in {backup.folder}; `mcp-dynaload uninstall` puts it back.")
    try:
        refresh()
    except DynaloadError as error:
        dialogue.show(f"The servers were not listed yet: {error}. `mcp-dynaload refresh` tries again.")
    try:
        learn()
    except DynaloadError as error:
        dialogue.show(f"Nothing was learned: {error}. `mcp-dynaload learn --from-transcripts` tries again.")
    if plan.secrets.places and not plan.secrets.moved:
        dialogue.show(
            f"Secrets stand as text in the servers file: {', '.join(plan.secrets.places)}."
            f" `mcp-dynaload init --scope {snapshot.scope} --move-secrets` keeps them in {store.place} instead."
        )
    dialogue.show(
        "Next: restart Claude Code (running sessions keep their old servers), then just type a prompt;"
        " `/mcp` shows `dynaload`. `mcp-dynaload doctor` checks everything."
    )
    if plan.logins:
        dialogue.show(f"Logins left to do: {', '.join(plan.logins)}. One command for all: `mcp-dynaload login --all`.")
    return plan


def uninstall(
    backups_dir: Path,
    state_dir: Path,
    show: Show,
    write: Write = write_atomically,
    *,
    is_dry_run: bool = False,
) -> bool:
    """Put all files back to what they were before the first `init`; whether there was anything to put back.

    Raises:
        HostError: it cannot be done; nothing was changed then.
    """
    backups = read_backups(backups_dir)
    if not backups:
        show("Nothing to put back: no `mcp-dynaload init` was run here, or it was undone already.")
        return False
    plan = plan_uninstall(backups, read_text, taken_out)
    if is_dry_run:
        _show_undoing(plan, show)
        return True
    _keep_current(backups[0].folder, [edit.before for edit in plan.edits])
    write_links(plan.links)
    try:
        write_edits(plan.edits, write)
    except BaseException:  # Ctrl-C too: without its plugin the client would have neither
        write_links([LinkEdit(link.path, link.after, link.before) for link in plan.links])
        raise
    left = forget_restored(plan.edits, SecretStore(state_dir / SECRETS_FILE))
    remove_folders([folder for backup in backups for folder in backup.made_folders])
    for backup in backups:
        if backup.trusted is not None:
            forget(backup.trusted, state_dir)
    if plan.notes:
        for backup in backups:
            mark_undone(backup)
    else:
        for backup in backups:
            drop_backup(backup)
    for edit in plan.edits:
        show(f"{'removed' if edit.after is None else 'put back'}  {edit.path}")
    for link in plan.links:
        show(f"{'removed' if link.after is None else 'put back'}  {link.path}")
    for note in (*plan.notes, *([left] if left else []), *_only_ours(plan)):
        show(f"note: {note}")
    if plan.notes:
        kept = ", ".join(str(backup.folder) for backup in backups)
        show(f"note: what the files held, secrets included, is kept in {kept}; delete it when all is well")
    show("Next: restart Claude Code, and others whose files were put back; their servers are their own again.")
    return True


def _show_undoing(plan: UninstallPlan, show: Show) -> None:
    for text in diffs(plan.edits):
        show(text)
    for link in plan.links:
        show(f"Plugin: {link.path} is {'removed' if link.after is None else f'made a link to {link.after}'}")
    for note in (*plan.notes, *_only_ours(plan)):
        show(f"Note: {note}")


def _only_ours(plan: UninstallPlan) -> Iterator[str]:
    """Yield which servers stay in a file that nobody reads without us: they were added after `init`, or before it."""
    for edit in plan.edits:
        if edit.path.name != SERVERS_FILE or edit.after is None:
            continue
        if names := ", ".join(objects(parse_object(edit.after, edit.path), "mcpServers")):
            yield (
                f"{edit.path}, which only mcp-dynaload reads, still has: {names}; to have them in Claude Code, copy"
                " each entry: claude mcp add-json NAME 'ENTRY' --scope user"
            )


def _show_plan(plan: InstallPlan, show: Show) -> None:
    for text in diffs(plan.edits):
        show(text)
    for link in plan.links:
        show(f"Plugin: {link.path} is made a link to {link.after}")
    show(f"Behind the proxy: {', '.join(plan.moved) or 'no further server'}")
    for server in plan.left:
        show(f"Left in place: {server.name}: {server.reason}")
    if plan.logins:
        show(f"With a login, to be made once more (the client's own is not read): {', '.join(plan.logins)}")
    for note in plan.notes:
        show(f"Note: {note}")
    if not plan.changes:
        show("Nothing to do.")


def take_back(backup: Backup) -> None:
    """Undo what was written for a backup, and keep the backup only if that did not work."""
    plan = plan_uninstall([backup], read_text, nothing_taken_out)
    write_edits(plan.edits, write_atomically)
    write_links(plan.links)
    remove_folders(backup.made_folders)
    drop_backup(backup)


def _keep_current(folder: Path, texts: list[str | None]) -> None:
    """Keep what the files hold now too: taking a change out of what others changed is a judgement."""
    try:
        for index, text in enumerate(texts):
            if text is not None:
                write_atomically(folder / f"{index}.uninstalled", text.encode("utf-8", "surrogateescape"))
    except OSError as error:
        raise HostError(f"{folder}: cannot be written ({error.strerror}); nothing changed") from error
