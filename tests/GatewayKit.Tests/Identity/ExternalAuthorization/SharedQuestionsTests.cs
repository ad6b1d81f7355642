using GatewayKit.Identity.ExternalAuthorization;
using GatewayKit.Identity.OwnCalls;

namespace GatewayKit.Tests.Identity.ExternalAuthorization;

public sealed class SharedQuestionsTests
{
    private static readonly AuthorizationAnswer Yes = new(AuthorizationVerdict.Allowed, "allowed");
    private static readonly AuthorizationQuestion Question = new("GET", "/", "", null, "http", null, []);

    [Fact]
    public async Task Those_who_ask_the_same_meanwhile_share_one_question()
    {
        var (asked, answer) = (0, new TaskCompletionSource<AuthorizationAnswer>(TaskCreationOptions.RunContinuationsAsynchronously));
        var shared = new SharedQuestions((_, _, _) =>
        {
            Interlocked.Increment(ref asked);
            return answer.Task;
        });
        var asking = Enumerable.Range(0, 10).Select(_ => shared.AskAsync(new(1, 0, 0, 0), Question, CancellationToken.None)).ToArray();
        answer.SetResult(Yes);
        var answers = await Task.WhenAll(asking);
        Assert.Equal(1, asked);
        Assert.All(answers, static one => Assert.Same(Yes, one.Answer));
        Assert.Equal(9, answers.Count(static one => one.IsOfOther));
        Assert.Equal(0, shared.Count);

        await shared.AskAsync(new(1, 0, 0, 0), Question, CancellationToken.None);
        Assert.Equal(2, asked);
    }

    [Fact]
    public async Task One_who_goes_takes_it_from_nobody_and_the_last_gives_it_up()
    {
        var (began, givenUp) = (new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        var shared = new SharedQuestions(async (_, _, token) =>
        {
            token.Register(givenUp.SetResult);
            began.SetResult();
            await Task.Delay(Timeout.Infinite, token);
            return Yes;
        });
        using var first = new CancellationTokenSource();
        using var second = new CancellationTokenSource();
        var asking = shared.AskAsync(new(1, 0, 0, 0), Question, first.Token);
        var alsoAsking = shared.AskAsync(new(1, 0, 0, 0), Question, second.Token);
        await began.Task;
        await first.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
        Assert.False(givenUp.Task.IsCompleted);
        Assert.Equal(1, shared.Count);
        await second.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => alsoAsking);
        await givenUp.Task;
        Assert.Equal(0, shared.Count);
    }
}
