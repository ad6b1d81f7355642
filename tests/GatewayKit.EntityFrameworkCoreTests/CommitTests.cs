using System.Data.Common;
using GatewayKit.EntityFrameworkCoreTests.Hosting;
using GatewayKit.Identity.Consumers;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Diagnostics;

namespace GatewayKit.EntityFrameworkCoreTests;

public sealed class CommitTests(PostgresServer server)
{
    [Fact]
    public async Task Commit_whose_answer_was_lost_is_not_done_twice()
    {
        var connection = await server.CreateDatabaseAsync();
        var loss = new AnswerLoss();
        await using var host = await StoreHost.StartAsync(options => options.UseNpgsql(connection, static npgsql => npgsql.EnableRetryOnFailure()).AddInterceptors(loss));
        loss.Left = 1;

        var written = await host.Store.CreateAsync(new() { Id = "acme" }, default);

        Assert.Equal(0, loss.Left);
        Assert.Equal(ConsumerWriteStatus.Written, written.Status);
        Assert.Equal(new(new() { Id = "acme" }, written.Version!), await host.Store.GetAsync("acme", default));
    }

    [Fact]
    public async Task Transaction_that_failed_before_its_commit_is_done_again()
    {
        var connection = await server.CreateDatabaseAsync();
        var loss = new AnswerLoss();
        await using var host = await StoreHost.StartAsync(options => options.UseNpgsql(connection, static npgsql => npgsql.EnableRetryOnFailure()).AddInterceptors(loss));
        loss.LeftBefore = 1;

        var written = await host.Store.CreateAsync(ConsumerRepositoryConformance.Full("acme"), default);

        Assert.Equal(0, loss.LeftBefore);
        Assert.Equal(new(ConsumerRepositoryConformance.Full("acme"), written.Version!), await host.Store.GetAsync("acme", default));
    }

    private sealed class AnswerLoss : DbTransactionInterceptor
    {
        private int _left;
        private int _leftBefore;

        public int Left { get => _left; set => _left = value; }

        public int LeftBefore { get => _leftBefore; set => _leftBefore = value; }

        public override ValueTask<InterceptionResult> TransactionCommittingAsync(DbTransaction transaction, TransactionEventData eventData, InterceptionResult result, CancellationToken cancellationToken = default) =>
            TakeOne(ref _leftBefore) ? throw new TimeoutException("The connection is gone.") : new(result);

        public override Task TransactionCommittedAsync(DbTransaction transaction, TransactionEndEventData eventData, CancellationToken cancellationToken = default) =>
            TakeOne(ref _left) ? throw new TimeoutException("The answer is lost.") : Task.CompletedTask;

        private static bool TakeOne(ref int left)
        {
            if (left == 0)
            {
                return false;
            }

            left--;
            return true;
        }
    }
}
