namespace GatewayKit.FunctionalTests.Identity.ExternalAuthorization;

/// <summary>An answer holds for those of whom the service would be told the same, for as long as it may, and never if it was no.</summary>
public sealed class AnswerCacheTests
{
    [Fact]
    public async Task By_default_every_request_is_asked_about()
    {
        await using var gateway = await AuthorizedGateway.StartAsync();
        Assert.Equal(200, (await gateway.AskAsync("/route/x")).Status);
        Assert.Equal(200, (await gateway.AskAsync("/route/x")).Status);
        Assert.Equal(2, gateway.Service.Questions.Count);
    }

    [Fact]
    public async Task Answer_that_allows_holds_for_its_time_with_its_fields()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10), DestinationHeaders = ["X-Auth-User"] });
        gateway.Service.Say(200, ("X-Auth-User", "alice"));
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(200, (await gateway.AskAsync("/route/x", ("Authorization", "Bearer a"), ("X-Auth-User", "mallory"))).Status);
            Assert.Equal("alice", gateway.Last["X-Auth-User"]);
        }

        Assert.Single(gateway.Service.Questions);
        gateway.Service.Say(403);
        gateway.Time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(200, (await gateway.AskAsync("/route/x", ("Authorization", "Bearer a"))).Status);
        gateway.Time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(403, (await gateway.AskAsync("/route/x", ("Authorization", "Bearer a"))).Status);
        Assert.Equal(2, gateway.Service.Questions.Count);
    }

    [Theory]
    [InlineData("GET", "/route/x", "Authorization", "Bearer b")]
    [InlineData("GET", "/route/x", "Cookie", "Bearer a")]
    [InlineData("GET", "/route/x?a", "Authorization", "Bearer a")]
    [InlineData("GET", "/route/y", "Authorization", "Bearer a")]
    [InlineData("DELETE", "/route/x", "Authorization", "Bearer a")]
    [InlineData("GET", "/route/x", "Host", "other.example.com")]
    [InlineData("GET", "/route/x", null, "")]
    public async Task Another_question_is_asked_anew(string method, string path, string? field, string value)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10) });
        Assert.Equal(200, (await gateway.AskAsync("/route/x", ("Authorization", "Bearer a"))).Status);
        gateway.Service.Say(403);
        (string, string)[] fields = field is null ? [] : field is "Host" ? [("Authorization", "Bearer a"), (field, value)] : [(field, value)];
        Assert.Equal(403, (await gateway.SendAsync(new(method), path, null, fields)).Status);
        Assert.Equal(2, gateway.Service.Questions.Count);
    }

    [Theory]
    [InlineData(401, null)]
    [InlineData(403, null)]
    [InlineData(500, null)]
    [InlineData(200, "no-store")]
    [InlineData(200, "no-cache")]
    [InlineData(200, "max-age=0")]
    [InlineData(200, "max-age=soon")]
    [InlineData(200, "no-store; x")]
    [InlineData(200, "=")]
    public async Task What_may_not_be_kept_is_not(int status, string? control)
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10) });
        gateway.Service.Say(status, control is null ? [] : [("Cache-Control", control)]);
        await gateway.AskAsync("/route/x");
        await gateway.AskAsync("/route/x");
        Assert.Equal(2, gateway.Service.Questions.Count);
    }

    [Fact]
    public async Task Answer_says_that_it_holds_for_less_but_not_for_more()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10) });
        foreach (var (control, holds) in ((string, int)[])[("max-age=3", 3), ("max-age=600", 10)])
        {
            var asked = gateway.Service.Questions.Count;
            gateway.Service.Say(200, ("Cache-Control", control));
            await gateway.AskAsync($"/route/{holds}");
            gateway.Time.Advance(TimeSpan.FromSeconds(holds - 0.1));
            await gateway.AskAsync($"/route/{holds}");
            Assert.Equal(asked + 1, gateway.Service.Questions.Count);
            gateway.Time.Advance(TimeSpan.FromSeconds(0.1));
            await gateway.AskAsync($"/route/{holds}");
            Assert.Equal(asked + 2, gateway.Service.Questions.Count);
        }
    }

    [Fact]
    public async Task What_is_made_for_one_client_is_not_given_to_another()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10), ClientHeaders = ["Set-Cookie"] });
        var first = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Service.Answer = async (context, number) =>
        {
            await first.Task;
            await AskedService.SayAsync(context, 200, ("Set-Cookie", $"session={number}"));
        };
        var asking = Enumerable.Range(0, 4).Select(_ => gateway.AskAsync("/route/x")).ToArray();
        await UntilAsync(() => !gateway.Service.Questions.Count.Equals(0));
        first.SetResult();
        var cookies = (await Task.WhenAll(asking)).Select(static answer => answer["Set-Cookie"]).ToArray();
        Assert.Equal(4, cookies.Distinct().Count());
        Assert.Equal(4, gateway.Service.Questions.Count);
    }

    [Fact]
    public async Task Body_that_is_shown_is_asked_about_each_time()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10), Method = "POST", MaxBodyBytes = 100 });
        foreach (var body in (string[])["a", "b", "a"])
        {
            Assert.Equal(200, (await gateway.SendAsync(HttpMethod.Post, "/route/x", new StringContent(body))).Status);
        }

        Assert.Equal(3, gateway.Service.Questions.Count);
    }

    [Fact]
    public async Task Who_asks_the_same_meanwhile_waits_for_one_answer()
    {
        await using var gateway = await AuthorizedGateway.StartAsync(static policy => policy with { CacheFor = TimeSpan.FromSeconds(10) });
        var answer = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        gateway.Service.Answer = (_, _) => answer.Task;
        var asking = Enumerable.Range(0, 20).Select(_ => gateway.AskAsync("/route/x")).ToList();
        await UntilAsync(() => gateway.Service.Questions.Count > 0);
        answer.SetResult();
        Assert.All(await Task.WhenAll(asking), static answer => Assert.Equal(200, answer.Status));
        Assert.Single(gateway.Service.Questions);
    }

    private static async Task UntilAsync(Func<bool> holds)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (!holds())
        {
            await Task.Delay(5, limit.Token);
        }
    }
}
