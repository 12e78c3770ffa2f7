"""Demo server: the version history of the workspace's project, by git itself."""

from dataclasses import dataclass
from pathlib import Path

from mcp.server.lowlevel import Server

from mcp_dynaload.demo.git_command import GitFailedError, run_git
from mcp_dynaload.demo.storage import inside
from mcp_dynaload.demo.toolkit import Limit, ToolFailedError, build_server, tool
from mcp_dynaload.demo.workspace import ensure_part

_INSTRUCTIONS = (
    "Version control for the project repository. Look at repo_status before you stage or commit; never commit on main "
    "without being asked to. Refs may be branch names, tags or commit hashes."
)


def build(workspace: Path) -> Server:
    """The server over `workspace`."""
    return build_server("git", _Repository(ensure_part(workspace, "project")), _INSTRUCTIONS)


@dataclass(frozen=True, slots=True)
class RepoStatus:
    """State of the working tree."""

    branch: str
    staged: list[str]
    changed: list[str]
    untracked: list[str]


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit, as in a log."""

    hash: str
    author: str
    date: str
    subject: str


@dataclass(frozen=True, slots=True)
class History:
    """Commits, newest first."""

    commits: list[Commit]


@dataclass(frozen=True, slots=True)
class _Repository:
    root: Path

    @tool("read")
    def repo_status(self) -> RepoStatus:
        """Shows the working tree status: current branch, staged files, changed files and untracked files."""
        branch = self._git("branch", "--show-current").strip() or "(detached)"
        lines = self._git("status", "--porcelain").splitlines()
        staged = [line[3:] for line in lines if line[0] in "MADRC"]
        changed = [line[3:] for line in lines if line[1] in "MD"]
        return RepoStatus(branch, staged, changed, [line[3:] for line in lines if line.startswith("??")])

    @tool("read")
    def commit_history(
        self, ref: str = "HEAD", path: str | None = None, author: str | None = None, limit: Limit = 20
    ) -> History:
        """List commits, newest first, with hash, author, date and subject.

        Can be narrowed to one file or folder ("who touched pricing.py last?") or to one author. Merges are included.

        Args:
            ref: Branch, tag or commit to start from.
            path: Only commits that changed this file or folder, relative to the repository root.
            author: Only commits whose author name or email contains this text.
            limit: Maximum number of commits.
        """
        options = ["log", f"--max-count={limit}", "--format=%h%x09%an%x09%as%x09%s"]
        options += [f"--author={author}"] if author else []
        lines = self._git(*options, _ref(ref), "--", *self._paths(path)).splitlines()
        return History([Commit(*line.split("\t", 3)) for line in lines])

    @tool("read")
    def show_commit(self, ref: str, stat_only: bool = False) -> str:
        """Show one commit in full: its message, author and the patch it introduced.

        Args:
            ref: Commit hash, tag or branch name.
            stat_only: Leave the patch out and only count changed lines per file.
        """
        return self._git("show", *(["--stat"] if stat_only else []), _ref(ref))

    @tool("read")
    def diff_working_tree(self, staged: bool = False, path: str | None = None) -> str:
        """Unified diff of uncommitted work.

        Args:
            staged: Compare the index with HEAD instead of the working tree with the index.
            path: Restrict the diff to this file or folder.
        """
        text = self._git("diff", *(["--cached"] if staged else []), "--", *self._paths(path))
        return text or "No differences."

    @tool("read")
    def compare_refs(self, base: str, head: str, stat_only: bool = False) -> str:
        """Diff between two branches, tags or commits, counted from their merge base like a pull request does.

        Args:
            base: The ref to compare against, for example main.
            head: The ref with the changes.
            stat_only: Only list changed files with line counts.
        """
        options = ["diff", *(["--stat"] if stat_only else [])]
        return self._git(*options, f"{_ref(base)}...{_ref(head)}") or "No differences."

    @tool("read")
    def blame_file(self, path: str, start_line: int = 1, end_line: int | None = None) -> str:
        """Show who last changed each line of a file and in which commit.

        Args:
            path: File, relative to the repository root.
            start_line: First line to annotate, counting from 1.
            end_line: Last line to annotate; the end of the file if omitted.
        """
        return self._git("blame", "--date=short", f"-L{start_line},{end_line or ''}", "--", *self._paths(path))

    @tool("read")
    def search_history(self, text: str, limit: Limit = 20) -> str:
        """Find the commits that added or removed a piece of code (pickaxe search over all branches).

        Use it to answer "when did this function disappear?"; for commit messages use commit_history.

        Args:
            text: Exact string that the change must contain.
            limit: Maximum number of commits.
        """
        found = self._git("log", "--all", f"-S{text}", f"--max-count={limit}", "--format=%h %as %an: %s")
        return found or f"No commit added or removed {text!r}."

    @tool("read")
    def list_branches(self) -> str:
        """List local branches with their latest commit; the current one is marked with an asterisk."""
        return self._git("branch", "--list", "--verbose")

    @tool("read")
    def list_tags(self) -> str:
        """List tags with the subject of what they point to."""
        return self._git("tag", "--list", "-n1")

    @tool("write")
    def create_branch(self, name: str, start_point: str = "HEAD", switch: bool = True) -> str:
        """Create a new branch and (by default) switch to it.

        Args:
            name: Name of the new branch, e.g. feature/login.
            start_point: Where the branch begins.
            switch: Check the new branch out.
        """
        self._git("branch", _ref(name), _ref(start_point))
        return f"Created branch {name}." + (f" {self.switch_branch(name)}" if switch else "")

    @tool("write")
    def switch_branch(self, name: str) -> str:
        """Check out an existing branch. Uncommitted changes are kept if they do not conflict.

        Args:
            name: The branch to switch to.
        """
        self._git("switch", "--quiet", _ref(name))
        return f"Switched to branch {name}."

    @tool("delete")
    def delete_branch(self, name: str, force: bool = False) -> str:
        """Delete a local branch.

        Args:
            name: Branch to delete; not the current one.
            force: Delete even if the branch is not merged. Unmerged commits become unreachable!
        """
        return self._git("branch", "-D" if force else "-d", _ref(name))

    @tool("write")
    def stage_files(self, paths: list[str]) -> str:
        """Add files to the index for the next commit.

        Args:
            paths: Files or folders relative to the repository root; ["."] for everything.
        """
        self._git("add", "--", *(p for path in paths for p in self._paths(path)))
        return "Staged:\n" + self._git("diff", "--cached", "--name-status")

    @tool("write")
    def unstage_files(self, paths: list[str]) -> str:
        """Remove files from the index; the working tree stays as it is.

        Args:
            paths: Files or folders relative to the repository root.
        """
        self._git("restore", "--staged", "--", *(p for path in paths for p in self._paths(path)))
        return self._git("status", "--short") or "Nothing left to commit."

    @tool("write")
    def commit_staged(self, message: str) -> str:
        """Record the staged changes as a new commit on the current branch.

        Only what is in the index is committed: stage_files first, and look at diff_working_tree with staged=true to
        be sure. It fails if nothing is staged. Commits are made in the name of the repository's configured person;
        hooks run. This tool neither amends nor pushes.

        Args:
            message: Commit message: a short imperative subject, optionally a blank line and a body.
        """
        self._git("commit", "--quiet", f"--message={message}")
        return self._git("log", "--max-count=1", "--stat", "--format=%h %s")

    @tool("delete")
    def discard_changes(self, path: str) -> str:
        """Throw away uncommitted changes of one tracked file. This cannot be undone.

        Args:
            path: The file to restore to its last committed state.
        """
        self._git("checkout", "HEAD", "--", *self._paths(path))
        return f"Restored {path} from HEAD."

    @tool("write")
    def stash_changes(self, message: str, include_untracked: bool = False) -> str:
        """Put uncommitted changes aside so that the working tree is clean.

        Args:
            message: What the stash is about.
            include_untracked: Also stash files that git does not track yet.
        """
        return self._git("stash", "push", *(["-u"] if include_untracked else []), f"--message={message}")

    @tool("write")
    def merge_branch(self, source: str, message: str | None = None) -> str:
        """Merge another branch into the current one. A merge with conflicts is undone and reported.

        Args:
            source: The branch to merge.
            message: Message of the merge commit.
        """
        try:
            return self._git("merge", "--no-ff", "-m", message or f"Merge {source}", _ref(source))
        except ToolFailedError:
            conflicts = self._git("diff", "--name-only", "--diff-filter=U")
            if conflicts:
                self._git("merge", "--abort")
                raise ToolFailedError(
                    f"Merging {source!r} conflicts, nothing was changed. Files:\n{conflicts}"
                ) from None
            raise

    @tool("write")
    def create_tag(self, name: str, message: str, ref: str = "HEAD") -> str:
        """Create an annotated tag, e.g. for a release.

        Args:
            name: Tag name such as v1.2.0.
            message: What the tag stands for.
            ref: The commit to tag.
        """
        self._git("tag", "--annotate", f"--message={message}", _ref(name), _ref(ref))
        return f"Tagged {ref} as {name}."

    def _git(self, *arguments: str) -> str:
        try:
            return run_git(self.root, *arguments)
        except GitFailedError as error:
            raise ToolFailedError(str(error)) from error

    def _paths(self, path: str | None) -> list[str]:
        return [] if path is None else [str(inside(self.root, path))]


def _ref(name: str) -> str:
    if not name or name.startswith("-"):
        raise ToolFailedError(f"{name!r} is not a branch, tag or commit: give its name, not an option.")
    return name
