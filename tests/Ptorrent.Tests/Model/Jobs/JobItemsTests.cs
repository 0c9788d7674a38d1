using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Units;
using Xunit;

namespace Ptorrent.Tests.Model.Jobs;

// Goal: what a job is over, and how its outputs are combined, is right or refused with its field.
public sealed class JobItemsTests
{
    private static readonly InputFile File = new("words.txt", default, 100);

    private static readonly JobRequest Valid = new()
    {
        Id = new JobId(1),
        Program = new ProgramReference(ProgramKind.Script, default, 10, "a.ts"),
        Lines = new InputLines(File, 20),
    };

    private static readonly (string Field, JobRequest Request)[] Refused =
    [
        ("files", Valid with { Over = new IndexRange(0, 3) }),
        ("files", Valid with { Files = [File] }),
        ("over", Valid with { Lines = null }),
        ("lines", Valid with { Lines = new InputLines(File, 0) }),
        ("lines", Valid with { Lines = new InputLines(File, 101) }),
        ("lines", Valid with { Lines = new InputLines(File with { Name = "a/b" }, 3) }),
        ("arguments", Valid with { Arguments = ["{file}"] }),
        ("arguments", Valid with { Arguments = ["{line}"], Lines = null, Over = new IndexRange(0, 3) }),
        ("combine", Valid with { Combine = CombineKind.Top }),
        ("combine", Valid with { Combine = CombineKind.Top, TopCount = 1_000_001 }),
        ("combine", Valid with { Combine = CombineKind.Sum, TopCount = 1 }),
        ("combine", Valid with { Combine = (CombineKind)10 }),
    ];

    [Fact]
    public void Check_JobOverLines_IsFineAndHasAnItemForEachLine()
    {
        JobRequest request =
            Valid with { Arguments = ["<{line}>", "{index}"], Combine = CombineKind.Top, TopCount = 5 };
        Assert.Null(JobRequestValidator.Check(request));
        Assert.Equal((new IndexRange(0, 20), RunMode.Item), (request.Range, request.Mode));
    }

    [Fact]
    public void Check_ItemsThatDoNotFit_NamesTheField() =>
        Assert.All(Refused, refused => Assert.Equal(refused.Field, JobRequestValidator.Check(refused.Request)?.Field));
}
