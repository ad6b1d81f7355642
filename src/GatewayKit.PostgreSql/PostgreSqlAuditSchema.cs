using System.Globalization;
using Npgsql;

namespace GatewayKit.PostgreSql;

/// <summary>
/// The tables for copies of audit journals, and who may do what with them. It is made once, by whoever administers the database: the gateway cannot, and needs not, make or change any of it. Immutable.
/// </summary>
public sealed record PostgreSqlAuditSchema
{
    /// <summary>The name of the schema unless another one is chosen.</summary>
    public const string DefaultSchema = "gatewaykit_audit";

    /// <summary>The schema. Default <see cref="DefaultSchema"/>.</summary>
    public string Schema { get; init; } = DefaultSchema;

    /// <summary>Who owns the records. The role is made if it is missing, and cannot log in then. Default <c>gatewaykit_audit_owner</c>.</summary>
    public string Owner { get; init; } = "gatewaykit_audit_owner";

    /// <summary>
    /// Who owns the checkpoints: another role, so that nobody who may change records may change what was signed over them. Made if it is missing. Default <c>gatewaykit_checkpoint_owner</c>.
    /// </summary>
    public string CheckpointOwner { get; init; } = "gatewaykit_checkpoint_owner";

    /// <summary>The role by which gateways log in. It has to be there. It may add records and checkpoints and read them, and change none.</summary>
    public required string Shipper { get; init; }

    /// <summary>The statements. Running them again is harmless.</summary>
    /// <exception cref="ArgumentException">A name has other characters than small letters, digits and <c>_</c>, or two roles are the same.</exception>
    public string ToSql()
    {
        Identifiers.Check(Schema, nameof(Schema));
        Identifiers.Check(Owner, nameof(Owner));
        Identifiers.Check(CheckpointOwner, nameof(CheckpointOwner));
        Identifiers.Check(Shipper, nameof(Shipper));
        if (Owner == CheckpointOwner || Owner == Shipper || CheckpointOwner == Shipper)
        {
            throw new ArgumentException("Owner, CheckpointOwner and Shipper must be three roles: each is there to keep the others from what they must not do.");
        }

        using var stream = typeof(PostgreSqlAuditSchema).Assembly.GetManifestResourceStream("Schema.sql")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd()
            .Replace("@schema", Schema, StringComparison.Ordinal)
            .Replace("@owner", Owner, StringComparison.Ordinal)
            .Replace("@checkpoint_owner", CheckpointOwner, StringComparison.Ordinal)
            .Replace("@shipper", Shipper, StringComparison.Ordinal);
    }

    /// <summary>Makes what is missing, in one transaction.</summary>
    /// <param name="administrator">A connection of a superuser, or of a role that may create roles and schemas in this database and is a member of both owners.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <exception cref="ArgumentException">As <see cref="ToSql"/>.</exception>
    /// <exception cref="NpgsqlException">The database refuses, or cannot be reached. Nothing was changed.</exception>
    public async Task CreateAsync(NpgsqlDataSource administrator, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(administrator);
        var connection = await administrator.OpenConnectionAsync(cancellationToken).ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var command = connection.CreateCommand();
            await using (command.ConfigureAwait(false))
            {
                command.CommandText = string.Create(CultureInfo.InvariantCulture, $"BEGIN;\n{ToSql()}\nCOMMIT;");
                await command.ExecuteNonQueryAsync(cancellationToken).ConfigureAwait(false);
            }
        }
    }
}
