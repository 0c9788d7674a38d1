using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Refusals;

namespace Ptorrent.Harbor.State;

/// <summary>What a harbor refuses once a request is admissible by itself.</summary>
internal static class HarborRefusals
{
    public static Refusal NoSuchJob(JobId id) => new(
        RefusalCode.NotFound, "id", id.ToString(), "there is no such job", "See the list of jobs");

    public static Refusal OtherJobHasId(JobId id) => new(
        RefusalCode.AlreadyExists,
        "id",
        id.ToString(),
        "another job has this id",
        "Make a new id for every job; the same id is for sending the same request again");

    public static Refusal HasEnded(JobId id) => new(
        RefusalCode.WrongState, "id", id.ToString(), "the job has ended", string.Empty);

    public static Refusal HasNoProduct(JobId id) => new(
        RefusalCode.WrongState,
        "id",
        id.ToString(),
        "the job failed or was cancelled, so there is no product",
        "Its status says why");

    public static Refusal FolderTaken(string folder) => new(
        RefusalCode.AlreadyExists,
        "folder",
        folder,
        "the deliveries folder has this name already, or another job will deliver there",
        "Choose another name");

    public static Refusal BlobIsGone(InputFile file) => new(
        RefusalCode.NotFound, "lines", file.Name, $"the blob {file.Digest} is not at the harbor", "Upload it first");

    public static Refusal NoSpace(string reason) => new(
        RefusalCode.NoSpace,
        string.Empty,
        string.Empty,
        $"the harbor cannot store anything at present: {reason}",
        "Free space on the harbor's disk; it goes on by itself");
}
