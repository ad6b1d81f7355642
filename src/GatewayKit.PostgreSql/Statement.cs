using GatewayKit.Auditing.Shipping;
using Npgsql;

namespace GatewayKit.PostgreSql;

/// <summary>One thing said to the database.</summary>
internal static class Statement
{
    /// <summary>Makes it.</summary>
    public static NpgsqlCommand Of(string text, params object[] values)
    {
        var command = new NpgsqlCommand(text);
        foreach (var value in values)
        {
            command.Parameters.Add(new() { Value = value });
        }

        return command;
    }

    /// <summary>Says it.</summary>
    /// <returns>How many rows it concerned.</returns>
    public static async Task<int> ExecuteAsync(this NpgsqlConnection connection, string text, CancellationToken cancellationToken, params object[] values)
    {
        var command = Of(text, values);
        await using (command.ConfigureAwait(false))
        {
            command.Connection = connection;
            return await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Asks for conflicts, a number and a hash each.</summary>
    public static async Task<List<AuditConflict>> FindConflictsAsync(this NpgsqlConnection connection, string text, CancellationToken cancellationToken, params object[] values)
    {
        var conflicts = new List<AuditConflict>();
        var command = Of(text, values);
        await using (command.ConfigureAwait(false))
        {
            command.Connection = connection;
            var found = await command.ExecuteReaderAsync(cancellationToken).ConfigureAwait(false);
            await using (found.ConfigureAwait(false))
            {
                while (await found.ReadAsync(cancellationToken).ConfigureAwait(false))
                {
                    conflicts.Add(new(found.GetInt64(0), found.GetString(1)));
                }
            }
        }

        return conflicts;
    }
}
