using System.Collections.Immutable;
using System.Net;
using System.Text;
using System.Text.Json;
using Ptorrent.Model.Identity;
using Ptorrent.Model.Jobs;
using Ptorrent.Model.Merkle;
using Ptorrent.Model.Programs;
using Ptorrent.Model.Refusals;
using Ptorrent.Model.Serialization;
using Ptorrent.Model.Units;
using Ptorrent.Sdk;
using Xunit;

namespace Ptorrent.Tests.Sdk;

public sealed class PtorrentClientTests
{
    private static readonly Uri Address = new("http://harbor.test:7070");
    private static readonly PtorrentClientOptions Hasty = new() { ReconnectTimeMax = TimeSpan.Zero };

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GetJob_Refused_ThrowsTheHarborsRefusal()
    {
        Refusal refusal = new(RefusalCode.NotFound, "id", "job_x", "there is no such job", "See the list");
        using PtorrentClient client = ClientOf(_ =>
            ScriptedHandler.Json(HttpStatusCode.NotFound, refusal, ModelJson.Default.Refusal));
        RefusedException error =
            await Assert.ThrowsAsync<RefusedException>(() => client.GetJobAsync(new JobId(5), Stop));
        Assert.Equal(refusal, error.Refusal);
    }

    [Fact]
    public async Task GetJob_UnauthorizedWithoutBody_ThrowsUnauthorized()
    {
        using PtorrentClient client = ClientOf(_ => new HttpResponseMessage(HttpStatusCode.Unauthorized));
        RefusedException error =
            await Assert.ThrowsAsync<RefusedException>(() => client.GetJobAsync(new JobId(5), Stop));
        Assert.Equal(RefusalCode.Unauthorized, error.Refusal.Code);
    }

    [Fact]
    public async Task GetJob_NotJson_ThrowsFault()
    {
        using PtorrentClient client = ClientOf(_ =>
            new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent("<html>a router</html>") });
        HarborFaultException error =
            await Assert.ThrowsAsync<HarborFaultException>(() => client.GetJobAsync(new JobId(5), Stop));
        Assert.False(error.IsTransient);
    }

    [Fact]
    public async Task Requests_CarryTheAccessKey()
    {
        string? seen = null;
        using PtorrentClient client = ClientOf(request =>
        {
            seen = request.Headers.Authorization?.ToString();
            return Status(JobState.Running);
        });
        await client.GetJobAsync(new JobId(5), Stop);
        Assert.Equal("Bearer the-key", seen);
    }

    [Theory]
    [InlineData("")]
    [InlineData("two words")]
    [InlineData("line\nfeed")]
    public void Constructor_KeyThatIsNoKey_IsRefused(string key) =>
        Assert.Throws<ArgumentException>(() => new PtorrentClient(Address, key).Dispose());

    [Fact]
    public async Task AnyMethod_NothingListens_ThrowsUnreachable()
    {
        using System.Net.Sockets.TcpListener listener = new(IPAddress.Loopback, 0);
        listener.Start();
        Uri address = new($"http://{listener.LocalEndpoint}");
        listener.Stop();
        using PtorrentClient client = new(address, "the-key");
        HarborUnreachableException error =
            await Assert.ThrowsAsync<HarborUnreachableException>(() => client.GetNetworkAsync(Stop));
        Assert.Contains("nothing listens there", error.Message, StringComparison.Ordinal);
        Assert.True(error.IsTransient);
    }

    [Fact]
    public async Task UploadFile_HarborHasIt_SendsNoBody()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a.txt", "hello");
        ScriptedHandler handler = new(_ =>
        {
            HttpResponseMessage answer = new(HttpStatusCode.OK) { Content = new ByteArrayContent([]) };
            answer.Content.Headers.ContentLength = 5;
            return answer;
        });
        using PtorrentClient client = new(Address, "the-key", Hasty, handler);
        InputFile file = await client.UploadFileAsync(path, Stop);
        Assert.Equal(new InputFile("a.txt", MerkleHasher.RootOf("hello"u8), 5), file);
        Assert.Equal([$"HEAD /api/blobs/{file.Digest}"], handler.Requests);
    }

    [Fact]
    public async Task UploadFile_HarborLacksIt_SendsTheBytes()
    {
        using TemporaryFolder folder = new();
        string content = new('x', 70_000);
        string path = folder.Write("a.txt", content);
        ScriptedHandler handler = new(request => new HttpResponseMessage(
            request.Method == HttpMethod.Head ? HttpStatusCode.NotFound : HttpStatusCode.Created));
        using PtorrentClient client = new(Address, "the-key", Hasty, handler);
        InputFile file = await client.UploadFileAsync(path, Stop);
        Assert.Equal([$"HEAD /api/blobs/{file.Digest}", $"PUT /api/blobs/{file.Digest}"], handler.Requests);
        Assert.Equal(content, Encoding.UTF8.GetString(handler.Bodies[1]));
    }

    [Fact]
    public async Task UploadFiles_SmallAndLarge_AsksForManyAtOnceAndSendsWhatIsMissing()
    {
        using TemporaryFolder folder = new();
        ImmutableArray<string> paths =
        [
            .. Enumerable.Range(0, 20).Select(i => folder.Write($"{i}.txt", $"number {i % 10}")),
            folder.Write("large", new string('x', 2_000_000)),
            folder.Write("empty", string.Empty),
        ];
        Digest absent = MerkleHasher.RootOf("number 3"u8);
        ScriptedHandler handler = new(request => request switch
        {
            { Method: var method } when method == HttpMethod.Post => ScriptedHandler.Json(
                HttpStatusCode.OK, [absent], ModelJson.Default.ImmutableArrayDigest),
            { Method: var method } when method == HttpMethod.Head => new HttpResponseMessage(HttpStatusCode.NotFound),
            _ => new HttpResponseMessage(HttpStatusCode.Created),
        });
        using PtorrentClient client = new(Address, "the-key", Hasty, handler);

        ImmutableArray<InputFile> files = await client.UploadFilesAsync(paths, Stop);

        Assert.Equal(paths.Select(p => Path.GetFileName(p)), files.Select(f => f.Name));
        Assert.Equal(paths.Select(p => MerkleHasher.RootOf(File.ReadAllBytes(p))), files.Select(f => f.Digest));
        Assert.Equal(paths.Select(p => new FileInfo(p).Length), files.Select(f => f.SizeBytes));
        Assert.InRange(handler.Requests.Count(r => r.StartsWith("POST", StringComparison.Ordinal)), 1, 2);
        Assert.Contains($"PUT /api/blobs/{files[20].Digest}", handler.Requests);
        Assert.Contains($"PUT /api/blobs/{absent}", handler.Requests);
        Assert.DoesNotContain($"PUT /api/blobs/{files[4].Digest}", handler.Requests);
    }

    [Fact]
    public async Task UploadFile_ShrinksMeanwhile_ThrowsFileChanged()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a.txt", new string('x', 70_000));
        ScriptedHandler handler = new(request =>
        {
            if (request.Method == HttpMethod.Head)
            {
                File.WriteAllText(path, "short");
            }

            return new HttpResponseMessage(HttpStatusCode.NotFound);
        });
        using PtorrentClient client = new(Address, "the-key", Hasty, handler);
        FileChangedException error =
            await Assert.ThrowsAsync<FileChangedException>(() => client.UploadFileAsync(path, Stop));
        Assert.Equal(path, error.Path);
    }

    [Fact]
    public async Task UploadFile_HarborSeesAnotherDigest_ThrowsFileChanged()
    {
        using TemporaryFolder folder = new();
        string path = folder.Write("a.txt", "hello");
        Refusal refusal = new(RefusalCode.DigestMismatch, "digest", string.Empty, "the bytes have another digest", "");
        using PtorrentClient client = ClientOf(request => request.Method == HttpMethod.Head
            ? new HttpResponseMessage(HttpStatusCode.NotFound)
            : ScriptedHandler.Json(HttpStatusCode.UnprocessableEntity, refusal, ModelJson.Default.Refusal));
        await Assert.ThrowsAsync<FileChangedException>(() => client.UploadFileAsync(path, Stop));
    }

    [Fact]
    public async Task Watch_LineBreaks_GoesOnWithANewLine()
    {
        int opened = 0;
        using PtorrentClient client = ClientOf(
            _ => opened++ == 0 ? Events(JobState.Running) : Events(JobState.Running, JobState.Accepted),
            new PtorrentClientOptions());
        List<JobState> states = [];
        await foreach (JobProgress progress in client.Job(new JobId(5)).WatchAsync(Stop))
        {
            states.Add(progress.Status.State);
        }

        Assert.Equal([JobState.Running, JobState.Running, JobState.Accepted], states);
        Assert.Equal(2, opened);
    }

    [Fact]
    public async Task Watch_HarborStaysAway_ThrowsUnreachable()
    {
        using PtorrentClient client = ClientOf(_ => throw new HttpRequestException("gone"));
        await Assert.ThrowsAsync<HarborUnreachableException>(() => client.Job(new JobId(5)).WaitAsync(Stop));
    }

    [Fact]
    public async Task Results_LineBreaks_GoOnAtTheSameByte()
    {
        byte[] product = Encoding.ASCII.GetBytes("0123456789");
        int opened = 0;
        using PtorrentClient client = ClientOf(
            request => request.RequestUri!.AbsolutePath.EndsWith("/results", StringComparison.Ordinal)
                ? new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new StreamContent(
                        opened++ == 0 ? new BreakingStream(product[..4]) : new MemoryStream(product)),
                }
                : Status(JobState.Running),
            new PtorrentClientOptions());
        await using Stream results = await client.Job(new JobId(5)).OpenResultsAsync(Stop);
        using MemoryStream read = new();
        await results.CopyToAsync(read, Stop);
        Assert.Equal(product, read.ToArray());
        Assert.Equal(2, opened);
    }

    [Fact]
    public async Task Results_JobFailsMeanwhile_ThrowsItsFailure()
    {
        using PtorrentClient client = ClientOf(
            request => request.RequestUri!.AbsolutePath.EndsWith("/results", StringComparison.Ordinal)
                ? new HttpResponseMessage(HttpStatusCode.OK)
                {
                    Content = new StreamContent(new BreakingStream([1, 2, 3])),
                }
                : Status(JobState.Failed));
        await using Stream results = await client.Job(new JobId(5)).OpenResultsAsync(Stop);
        JobEndedException error =
            await Assert.ThrowsAsync<JobEndedException>(() => results.CopyToAsync(Stream.Null, Stop));
        Assert.Contains("at index 7", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Results_JobWasCancelledBefore_ThrowsJobEnded()
    {
        Refusal refusal = new(RefusalCode.WrongState, "job", string.Empty, "it was cancelled", string.Empty);
        using PtorrentClient client = ClientOf(
            request => request.RequestUri!.AbsolutePath.EndsWith("/results", StringComparison.Ordinal)
                ? ScriptedHandler.Json(HttpStatusCode.Conflict, refusal, ModelJson.Default.Refusal)
                : Status(JobState.Cancelled));
        JobEndedException error =
            await Assert.ThrowsAsync<JobEndedException>(() => client.Job(new JobId(5)).OpenResultsAsync(Stop));
        Assert.Equal(JobState.Cancelled, error.Status.State);
    }

    [Fact]
    public void NewJobId_TwoCalls_Differ()
    {
        JobId first = PtorrentClient.NewJobId();
        Assert.NotEqual(0UL, first.Value);
        Assert.NotEqual(first, PtorrentClient.NewJobId());
    }

    private static PtorrentClient ClientOf(
        Func<HttpRequestMessage, HttpResponseMessage> answer, PtorrentClientOptions? options = null) =>
        new(Address, "the-key", options ?? Hasty, new ScriptedHandler(answer));

    private static HttpResponseMessage Status(JobState state) =>
        ScriptedHandler.Json(HttpStatusCode.OK, StatusOf(state), ModelJson.Default.JobStatus);

    private static HttpResponseMessage Events(params JobState[] states)
    {
        string text = string.Concat(states
            .Select(state => new JobProgress(StatusOf(state), state == JobState.Accepted))
            .Select(progress => $"data: {JsonSerializer.Serialize(progress, ModelJson.Default.JobProgress)}\n\n"));
        return new HttpResponseMessage(HttpStatusCode.OK)
        {
            Content = new StringContent(text, Encoding.UTF8, "text/event-stream"),
        };
    }

    private static JobStatus StatusOf(JobState state) => new()
    {
        Id = new JobId(5),
        Name = "a job",
        State = state,
        Program = "a.wasm",
        Combine = CombineKind.Concat,
        Range = new IndexRange(0, 10),
        IndicesDone = 3,
        FragmentsDone = 1,
        Burnt = new Fuel(100),
        SubmittedAt = DateTimeOffset.UnixEpoch,
        Failure = state == JobState.Failed
            ? new ProgramFailure(7, TrapCode.Unreachable, "abort", new Fuel(1))
            : null,
    };
}
