using System.Text;
using GatewayKit.Auditing;
using GatewayKit.Auditing.Shipping;
using Npgsql;

namespace GatewayKit.PostgreSql;

/// <summary>Keeps checkpoints in the table of <see cref="PostgreSqlAuditSchema"/>, in which nobody changes them. What is there already, from an earlier try or from a copy of the journal, stays as it is.</summary>
internal sealed class PostgreSqlAuditAnchor(string name, NpgsqlDataSource source, string schema, bool ownsSource) : IAuditAnchor, IAsyncDisposable, IDisposable
{
    private readonly AuditStatements _statements = new(schema);

    public string Name => name;

    public async ValueTask AnchorAsync(AuditCheckpoint checkpoint, CancellationToken cancellationToken)
    {
        var row = CheckpointRow.Read(Encoding.UTF8.GetBytes(checkpoint.Line));
        try
        {
            var connection = await source.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
            {
                if ((await CheckpointRow.AddAsync(connection, _statements, checkpoint.Instance, checkpoint.Boot, [row], cancellationToken).ConfigureAwait(false)).Count > 0)
                {
                    throw new AuditBatchRejectedException("another checkpoint with its signature is there, which somebody has forged");
                }
            }
        }
        catch (PostgresException exception) when (PostgreSqlAuditSink.IsOfRecord(exception))
        {
            throw new AuditBatchRejectedException($"SQLSTATE {exception.SqlState}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (ownsSource)
        {
            await source.DisposeAsync().ConfigureAwait(false);
        }
    }

    public void Dispose()
    {
        if (ownsSource)
        {
            source.Dispose();
        }
    }
}
