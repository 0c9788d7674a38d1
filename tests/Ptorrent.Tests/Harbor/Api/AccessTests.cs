using System.Net;
using System.Net.Http.Headers;
using Ptorrent.Harbor;
using Ptorrent.Link.Transports;
using Ptorrent.Model.Refusals;
using Ptorrent.Tests.Harbor.Support;
using Xunit;

namespace Ptorrent.Tests.Harbor.Api;

/// <summary>Who gets in, and where a harbor may listen.</summary>
public sealed class AccessTests
{
    [Theory]
    [InlineData(null)]
    [InlineData("Bearer wrong")]
    [InlineData("Basic {key}")]
    [InlineData("{key}")]
    [InlineData("Bearer {key}x")]
    public async Task Request_WithoutTheKey_IsUnauthorized(string? authorization)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using HttpClient stranger = new() { BaseAddress = harbor.Host.Address };
        if (authorization is not null)
        {
            stranger.DefaultRequestHeaders.TryAddWithoutValidation(
                "Authorization",
                authorization.Replace("{key}", harbor.Host.AccessKey, StringComparison.Ordinal));
        }

        foreach (string path in new[] { "api/jobs", "api/network", "api/blobs/00", "link", "nowhere", "" })
        {
            using HttpResponseMessage answer = await stranger.GetAsync(new Uri(path, UriKind.Relative));
            Refusal refusal = await TestHarbor.RefusalOfAsync(answer, HttpStatusCode.Unauthorized);
            Assert.Equal(RefusalCode.Unauthorized, refusal.Code);
        }

        using HttpResponseMessage health = await stranger.GetAsync(new Uri("health", UriKind.Relative));
        Assert.Equal("ok", await health.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Link_WithoutTheKey_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(
            () => WebSocketLink.ConnectAsync(harbor.Host.Address, "wrong", CancellationToken.None));
        Assert.Equal(RefusalCode.Unauthorized, refused.Refusal.Code);
    }

    [Fact]
    public async Task Requests_WithWrongKeysAgainAndAgain_AreHeldOffButTheRightKeyIsNot()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        using HttpClient stranger = new() { BaseAddress = harbor.Host.Address };
        stranger.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "wrong");
        HttpStatusCode last = default;
        for (int i = 0; i < 25; i++)
        {
            using HttpResponseMessage answer = await stranger.GetAsync(new Uri("api/jobs", UriKind.Relative));
            last = answer.StatusCode;
        }

        Assert.Equal(HttpStatusCode.TooManyRequests, last);
        Assert.Empty(await harbor.ListAsync());
    }

    [Theory]
    [InlineData("evil.example", false)]
    [InlineData("evil.example:80", false)]
    [InlineData("192.168.0.9", false)]
    [InlineData("localhost", true)]
    [InlineData("127.0.0.1:1", true)]
    public async Task Request_ThatNamesAnotherHost_IsRefused(string host, bool isServed)
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        foreach (string path in new[] { "api/network", "health" })
        {
            using HttpRequestMessage request = new(HttpMethod.Get, path);
            request.Headers.Host = host;
            using HttpResponseMessage answer = await harbor.Client.SendAsync(request);
            Assert.Equal(isServed ? HttpStatusCode.OK : HttpStatusCode.Forbidden, answer.StatusCode);
        }
    }

    [Fact]
    public async Task Start_OnAnAddressThatOthersReach_IsRefused()
    {
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(
            () => TestHarbor.StartAsync(o => o with { Listen = new IPEndPoint(IPAddress.Any, 0) }));
        Assert.Equal("listen", refused.Refusal.Field);
        Assert.Contains("no TLS", refused.Refusal.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_OnAPortThatIsInUse_SaysSo()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(() => TestHarbor.StartAsync(
            o => o with { Listen = new IPEndPoint(IPAddress.Loopback, harbor.Host.Address.Port) }));
        Assert.Equal("listen", refused.Refusal.Field);
        Assert.Contains("in use", refused.Refusal.Rule, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_InAHomeThatHasAHarbor_IsRefused()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        HarborOptions options = new()
        {
            HomeDirectory = harbor.Home,
            Listen = new IPEndPoint(IPAddress.Loopback, 0),
        };
        RefusedException refused = await Assert.ThrowsAsync<RefusedException>(
            () => HarborHost.StartAsync(options, harbor.Log, CancellationToken.None));
        Assert.Equal("home", refused.Refusal.Field);

        // And it has done no harm to the first.
        Assert.Empty(await harbor.ListAsync());
        Assert.True(File.Exists(Path.Combine(harbor.Home, "harbor.json")));
    }

    [Fact]
    public async Task Home_OfARunningHarbor_IsForItsOwnerOnly()
    {
        await using TestHarbor harbor = await TestHarbor.StartAsync();
        foreach (string file in new[] { "access.key", "harbor.json" })
        {
            // Windows has access lists instead, and a user's folders are his own there.
            Assert.True(
                OperatingSystem.IsWindows()
                || File.GetUnixFileMode(Path.Combine(harbor.Home, file))
                    == (UnixFileMode.UserRead | UnixFileMode.UserWrite));
        }

        Assert.Equal(harbor.Host.AccessKey, await File.ReadAllTextAsync(Path.Combine(harbor.Home, "access.key")));
        Assert.Equal(43, harbor.Host.AccessKey.Length);
        Assert.Contains(
            $"\"pid\":{Environment.ProcessId}",
            await File.ReadAllTextAsync(Path.Combine(harbor.Home, "harbor.json")),
            StringComparison.Ordinal);
    }
}
