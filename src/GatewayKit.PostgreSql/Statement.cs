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
}
